"""The user's own claim from file to verdict, with real training: the commands, in this process."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from losslab import records
from losslab.claims.verdict import load
from losslab.cli import main as command
from losslab.cli.reproduce import main as reproduce
from losslab.errors import UserError

CLAIM = """\
# @package _global_
# Cross-entropy against MSE, on a small linear model.
defaults:
  - override /task: digits
  - override /model: linear

task:
  recipe: {max_epochs: 2}
pictures: null

claim:
  statement: Cross-entropy is better than MSE for a linear model.
  source: this test
  arms:
    cross_entropy: loss=cross_entropy
    mse: loss=mse
  tune:
    optimizer.lr: [1e-4, 1e-2]
  stages: 2
  tuning_seeds: [1200]
  answer: The linear model reaches {cross_entropy.accuracy:.0%} with cross-entropy.
  predictions:
    - says: A high learning rate is chosen, and both arms learn.
      why: At 1e-4 a linear model hardly moves in two epochs.
      role: core
      metric: accuracy
      arm: [cross_entropy, mse]
      at_least: 0.5
"""


FIXED = ("optimizer.lr=0.01", "trainer.max_epochs=1")


def written_down(folder: Path) -> Path:
    (folder / "own" / "experiment").mkdir(parents=True)
    (folder / "own" / "experiment" / "mine.yaml").write_text(CLAIM)
    return folder / "own"


@pytest.fixture
def own_claims(tmp_path: Path) -> Path:
    return written_down(tmp_path)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder with the claim, and that of its study with nothing left to tune."""
    top = tmp_path_factory.mktemp("fixed")
    own_claims = written_down(top)
    sweep(own_claims, top / "out", *FIXED)
    return own_claims, top / "out"


def losslab(*arguments: str) -> None:
    """The command, without the exit at its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["losslab", *arguments])
        command.application()


def sweep(own_claims: Path, folder: Path, *overrides: str) -> None:
    losslab("+experiment=mine", f"folder={folder}", *overrides, "-m", "--config-dir", str(own_claims))


def test_a_claim_is_tuned_reported_judged_and_resumed(own_claims: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "mine"
    sweep(own_claims, folder)
    verdict = load(folder)
    assert verdict.outcome in ("confirmed", "undecided")
    assert re.fullmatch(r"The linear model reaches \d\d% with cross-entropy\.", verdict.answer)
    assert [arm.chosen for arm in verdict.arms] == [{"optimizer.lr": 0.01}] * 2
    tuning = [records.load(path) for path in records.find([folder / "tuning"])]
    assert len(tuning) == 4
    assert {record.seed for record in tuning} == {1200}
    assert all("test" not in record.metrics for record in tuning), "tuning must not read test data"
    reported = [records.load(path) for path in records.find([folder / "reporting"])]
    assert sorted(record.seed for record in reported) == [200, 200, 201, 201]
    assert all("accuracy" in record.metrics["test"] for record in reported)
    assert all("claim" not in record.config for record in reported)
    best = max(verdict.arms[0].tuning, key=lambda point: point.mean or 0.0)
    assert best.point == verdict.arms[0].chosen

    # the same again by the other command: nothing is run twice
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("record.json")}
    assert (
        reproduce(["mine", "--config-dir", str(own_claims), "--folder", str(folder.parent), "--jobs", "1"])
        == 0
    )
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("record.json")} == before
    assert load(folder).predictions == verdict.predictions


def test_another_metric_may_choose_from_the_grid(own_claims: Path, tmp_path: Path) -> None:
    file = own_claims / "experiment" / "mine.yaml"
    file.write_text(CLAIM.replace("  stages: 2", "  tune_by: expected_calibration_error\n  stages: 2"))
    folder = tmp_path / "out" / "mine"
    sweep(own_claims, folder)
    for arm in load(folder).arms:
        assert arm.tuned_by == "expected_calibration_error"
        least = min(arm.tuning, key=lambda point: point.mean or 1.0)
        assert arm.chosen == least.point, "an error is best where it is lowest"
    errors = {
        record.metrics["validation"]["expected_calibration_error"]
        for record in (records.load(path) for path in records.find([folder / "tuning"]))
    }
    assert {value for arm in load(folder).arms for point in arm.tuning for value in point.values} == errors

    file.write_text(CLAIM.replace("  stages: 2", "  tune_by: mean_reciprocal_rank\n  stages: 2"))
    with pytest.raises(UserError, match=r"claim\.tune_by: choose one of accuracy, auprc, "):
        sweep(own_claims, tmp_path / "other")
    file.write_text(CLAIM.replace("  stages: 2", "  tune_by: rmse\n  stages: 2"))
    with pytest.raises(UserError, match=r"claim\.tune_by: there is no metric rmse; there are: accuracy"):
        sweep(own_claims, tmp_path / "other")


def test_an_unknown_metric_shows_before_anything_is_trained(own_claims: Path, tmp_path: Path) -> None:
    file = own_claims / "experiment" / "mine.yaml"
    file.write_text(CLAIM.replace("metric: accuracy", "metric: acuracy"))
    with pytest.raises(
        UserError, match=r"predictions\.0\.metric: there is no metric acuracy; there are: accuracy"
    ):
        sweep(own_claims, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("record.json"))


def test_every_point_of_a_grid_is_tried_before_anything_is_trained(own_claims: Path, tmp_path: Path) -> None:
    file = own_claims / "experiment" / "mine.yaml"
    file.write_text(CLAIM.replace("[1e-4, 1e-2]", "[1e-4, -1]"))
    with pytest.raises(UserError, match=r"optimizer\.lr"):
        sweep(own_claims, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("record.json"))


def test_a_claim_that_is_wrong_does_not_stop_the_others(
    own_claims: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid file is said, and costs the exit status."""
    (own_claims / "experiment" / "bad.yaml").write_text("claim: {predictions: [3]}")
    (own_claims / "experiment" / "worse.yaml").write_bytes(b"claim: \xff")
    options = ["--config-dir", str(own_claims), "--dry-run"]
    assert reproduce(["mine", *options]) == 0
    assert reproduce(["mine", "bad", *options]) == 2
    printed = capsys.readouterr()
    assert "1 claims" in printed.out
    assert printed.err.count("losslab-reproduce: bad: ") == 1
    assert reproduce(["--list", *options[:2]]) == 2
    printed = capsys.readouterr()
    assert "mine" in printed.out
    assert printed.err.count("\n") == 2


def test_an_arm_that_cannot_be_built_shows_before_anything_is_trained(
    own_claims: Path, tmp_path: Path
) -> None:
    file = own_claims / "experiment" / "mine.yaml"
    file.write_text(CLAIM.replace("loss=mse\n", "loss=mze\n"))
    with pytest.raises(UserError, match="loss=mze does not exist"):
        sweep(own_claims, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("record.json"))


def test_a_slip_in_the_file_names_it(own_claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = own_claims / "experiment" / "mine.yaml"
    file.write_text(CLAIM.replace("at_least", "at_leest"))
    assert reproduce(["mine", "--config-dir", str(own_claims), "--dry-run"]) == 2
    assert f"{file}: claim.predictions.0.at_leest: there is no such key" in capsys.readouterr().err


def test_a_sweep_over_a_claim_is_refused(own_claims: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a claim says itself what it compares"):
        sweep(own_claims, tmp_path / "out", "loss=mse,l1")


def test_a_claim_is_no_single_run(own_claims: Path) -> None:
    with pytest.raises(UserError, match=r"losslab -m \+experiment=mine"):
        losslab("+experiment=mine", "--config-dir", str(own_claims))


def test_the_verdict_is_strict_json(fixed: tuple[Path, Path]) -> None:
    own_claims, folder = fixed
    verdict = load(folder)
    assert not (folder / "tuning").exists(), "what the command line fixes is not tuned"
    assert verdict.arms[0].chosen == {}
    assert verdict.command == (
        f"losslab-reproduce mine --config-dir {own_claims} --override optimizer.lr=0.01 "
        "--override trainer.max_epochs=1"
    )
    json.loads(
        (folder / "verdict.json").read_text(),
        parse_constant=lambda constant: pytest.fail(f"{constant} is no JSON"),
    )


def test_list_and_dry_run(own_claims: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce(["--list", "--config-dir", str(own_claims)]) == 0
    assert "mine (sweep, 8 runs): Cross-entropy is better" in capsys.readouterr().out.replace("\n", " ")
    assert reproduce(["mine", "--dry-run", "--config-dir", str(own_claims)]) == 0
    assert "4 runs to tune, 4 to report" in capsys.readouterr().out


def test_an_unknown_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce(["dying_relus"]) == 2
    assert "did you mean dying_relu?" in capsys.readouterr().err
    assert reproduce([]) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--override", "loss=mse,l1"], "loss=mse,l1 sweeps, but a claim says itself what it compares"),
        (["--override", "hydra/launcher=slurm"], "runs are launched without Hydra here"),
        (["--override", "trainer.max_epoch=1"], "did you mean trainer.max_epochs?"),
        (["--override", "no override"], "no override"),
    ],
)
def test_a_wrong_override_is_one_sentence(
    own_claims: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    folder = str(tmp_path / "out")
    assert reproduce(["mine", "--config-dir", str(own_claims), "--folder", folder, *arguments]) == 2
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.startswith("losslab-reproduce: ")
    assert printed.count("\n") == 1


def test_in_two_processes_with_a_folder_of_any_name(own_claims: Path, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    arguments = ["mine", "--config-dir", str(own_claims), "--folder", str(folder), "--jobs", "2"]
    assert reproduce([*arguments, "--override", "trainer.max_epochs=1"]) == 0
    assert len(records.find([folder / "mine"])) == 8
    assert load(folder / "mine").command == (
        f"losslab-reproduce mine --config-dir {own_claims} --override trainer.max_epochs=1"
    )


CHECKED = CLAIM.replace(
    "  predictions:\n",
    """\
  check: measure
  predictions:
    - says: It is one.
      why: It must be.
      role: side
      quantity: {quantity}
      equals: 1
      within: 0.1
""",
)
CHECK = """\
from losslab.claims.check_result import CheckResult

def measure(quick):
    return CheckResult({"one": 1.0}, [], [])
"""


def test_a_misspelt_quantity_shows_before_anything_is_trained(own_claims: Path, tmp_path: Path) -> None:
    (own_claims / "experiment" / "mine.py").write_text(CHECK)
    (own_claims / "experiment" / "mine.yaml").write_text(CHECKED.replace("{quantity}", "oen"))
    with pytest.raises(
        UserError, match=r"predictions\.0\.quantity: the check does not measure oen; it measures: one"
    ):
        sweep(own_claims, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("record.json"))


def test_a_grid_may_hold_null_and_lists(own_claims: Path, tmp_path: Path) -> None:
    claim = CLAIM.replace("optimizer.lr: [1e-4, 1e-2]", "trainer.gradient_clip.norm: [null, 1.0]")
    claim = claim.replace("    mse: loss=mse\n", "").replace(
        "arm: [cross_entropy, mse]", "arm: cross_entropy"
    )
    claim = claim.replace("model: linear", "model: mlp")
    (own_claims / "experiment" / "mine.yaml").write_text(
        claim.replace("max_epochs: 2", "max_epochs: 1").replace(
            "[null, 1.0]", "[null, 1.0]\n    model.hidden: [[8], [4, 4]]"
        )
    )
    sweep(own_claims, tmp_path / "out")
    tuning = [records.load(path) for path in records.find([tmp_path / "out" / "tuning"])]
    assert {record.config["trainer"]["gradient_clip"]["norm"] for record in tuning} == {None, 1.0}
    assert {tuple(record.config["model"]["hidden"]) for record in tuning} == {(8,), (4, 4)}
    assert load(tmp_path / "out").arms[0].chosen["trainer.gradient_clip.norm"] in (None, 1.0)


def test_a_verdict_of_an_older_losslab_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text('{"schema_version": 1}')
    with pytest.raises(UserError, match="has verdict schema 1, this losslab reads 3"):
        load(tmp_path)


def test_runs_that_were_not_made_alike_are_the_verdicts_first_problem(
    fixed: tuple[Path, Path], tmp_path: Path
) -> None:
    own_claims, folder = fixed
    assert load(folder).problems == []
    shutil.copytree(folder, tmp_path / "out")
    path = next((tmp_path / "out" / "reporting").rglob("record.json"))
    plain = json.loads(path.read_text())
    plain["environment"]["device"] = "cpu: Another"
    path.write_text(json.dumps(plain))
    sweep(own_claims, tmp_path / "out", *FIXED)
    assert (
        load(tmp_path / "out").problems[0].startswith("Mixed: the runs on digits were not made alike: device")
    )
