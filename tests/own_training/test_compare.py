"""`losslab.compare` from the arguments to the study: what is made, kept, repeated, counted and refused."""

from __future__ import annotations

import functools
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import losslab
from losslab import records
from losslab.comparison.comparison import compare as compare_folders
from losslab.errors import RunsFailed, UserError
from losslab.own_training.run import Run


class Plain(nn.Module):
    """A loss that only carries a number."""

    def __init__(self, effect: float = 0.0) -> None:
        super().__init__()
        self.effect = effect


class Better(Plain):
    def __init__(self) -> None:
        super().__init__(0.05)


def noise(run: Run) -> float:
    return torch.Generator().manual_seed(run.seed).initial_seed() % 7 / 1000


def train(run: Run) -> dict[str, Any]:
    for step in range(3):
        run.log(step, loss=1 / (step + 1), val_accuracy=0.1)
    return {"val/accuracy": 0.7, "test/accuracy": 0.8 + run.loss.effect * (1 + run.seed / 20), "test/f1": 0.5}


LOSSES = {"plain": Plain, "better": Better, "same": Plain(0.001)}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> losslab.own_training.study.Study:
    folder = tmp_path_factory.mktemp("study")
    return losslab.compare(train, LOSSES, metric="test/accuracy", margin=0.01, seeds=3, folder=folder)


def again(study: Any, function: Any = train, losses: Any = LOSSES, **changes: Any) -> set[str]:
    """The folders of the runs that the same call, with `changes`, makes anew."""
    before = made(study.folder)
    given = {"metric": "test/accuracy", "margin": 0.01, "seeds": 3, "folder": study.folder, **changes}
    losslab.compare(function, losses, **given)
    after = made(study.folder)
    return {path.name.rsplit("-", 1)[0] for path in after if after[path] != before.get(path)}


def made(folder: Path) -> dict[Path, int]:
    """When each run was made."""
    return {path: (path / "curves.csv").stat().st_mtime_ns for path in records.find([folder])}


def test_a_study_says_which_loss_is_better(study: Any) -> None:
    assert study.decisions == {"better": "better", "same": "equal"}
    assert study.frame()["reference"].tolist() == ["plain", "plain"]
    assert study.frame()["n"].tolist() == [3, 3]
    assert study.sentences()[0].startswith("better is better than plain by 0.05")
    assert str(study).splitlines() == study.sentences()
    assert study.pairing == "unknown"


def test_records_are_those_of_any_run(study: Any) -> None:
    folder = study.runs["folder"].iloc[0]
    record = records.load(folder)
    assert (record.status, record.metric, record.steps) == ("finished", "accuracy", 2)
    assert record.metrics["validation"] == {"accuracy": 0.7}
    assert record.environment.threads == torch.get_num_threads()
    assert list(records.load_curve(folder, "train", "loss")) == [1, 0.5, pytest.approx(1 / 3)]
    assert len(list(folder.glob("events.out.tfevents.*"))) == 1
    (task,) = compare_folders([study.folder]).tasks
    assert task.arm_labels == ["plain", "better", "same"]
    assert task.arm("better").outcomes.tolist() == pytest.approx([0.85, 0.8525, 0.855])


def test_only_what_changed_is_made_again(study: Any) -> None:
    assert again(study) == set()
    assert again(study, margin=0.02, seeds=2, metric="test/f1") == set()
    assert again(study, reference="same", metric="accuracy") == set()
    assert again(study, seeds=4) == {"plain,seed=3", "better,seed=3", "same,seed=3"}
    assert again(study, losses={**LOSSES, "same": Plain(0.002)}) == {f"same,seed={seed}" for seed in range(3)}


def test_edited_code_is_made_again_and_the_old_runs_are_left_out_of_reports(tmp_path: Path) -> None:
    def trained(source: str) -> Any:
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(source, names)
        return names["train"]

    first = "scale = 1\ndef train(run):\n    return {'accuracy': scale * run.loss.effect + run.seed}"
    moved = first.replace("):\n", "):\n    '''Words.'''\n    # and more\n")
    call = functools.partial(losslab.compare, losses=LOSSES, metric="accuracy", seeds=2, folder=tmp_path)
    study = call(trained(first))
    assert again(study, trained(moved), metric="accuracy", margin=None, seeds=2) == set()
    edited = trained(first.replace("scale = 1", "scale = 2"))
    assert len(again(study, edited, metric="accuracy", margin=None, seeds=2)) == 6
    comparison = compare_folders([tmp_path])
    assert len(comparison.tasks) == 1
    assert sum("Stale" in problem for problem in comparison.problems) == 6


def test_every_run_starts_with_the_same_random_numbers_and_settings(tmp_path: Path) -> None:
    class Draws(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.rand(3)

    seen: dict[tuple[str, int], tuple[Any, ...]] = {}

    def disturbing(run: Run) -> float:
        settings = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
        settings += (torch.get_default_device(), torch.are_deterministic_algorithms_enabled())
        drawn = random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: NPY002
        seen[type(run.loss).__name__, run.seed] = drawn, settings
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_default_device("meta")
        torch.use_deterministic_algorithms(True)
        return 1.0

    before = torch.get_rng_state()
    losslab.compare(disturbing, {"a": Plain, "b": Draws}, metric="x", seeds=2, folder=tmp_path)
    assert seen["Plain", 0] == seen["Draws", 0]
    assert seen["Plain", 0][0] != seen["Plain", 1][0]
    assert len({settings for _, settings in seen.values()}) == 1
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
    assert torch.get_default_device().type == "cpu"
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loss_keeps_nothing_from_one_run_to_the_next(tmp_path: Path) -> None:
    def touching(run: Run) -> float:
        run.loss.effect += 1
        return run.loss.effect

    losses = {"module": Plain(1.0), "class": Plain, "partial": functools.partial(Plain, effect=2.0)}
    found = losslab.compare(touching, losses, metric="x", seeds=2, folder=tmp_path)
    assert [arm.outcomes.tolist() for arm in found.comparison.tasks[0].arms] == [[2, 2], [1, 1], [3, 3]]


def test_divergence_counts_as_the_untrained_network(tmp_path: Path) -> None:
    def diverging(run: Run) -> dict[str, float]:
        run.log(0, val_accuracy=0.1, loss=2.0)
        if run.loss.effect and run.seed == 0:
            run.log(7, loss=math.nan)  # the metric of such a network may still be a number
            return {"accuracy": 0.1}
        return {"accuracy": math.nan if run.loss.effect and run.seed == 1 else 0.9}

    losses = {"plain": Plain, "better": Better}
    found = losslab.compare(diverging, losses, metric="accuracy", seeds=3, folder=tmp_path)
    arm = found.comparison.tasks[0].arm("better")
    assert arm.outcomes.tolist() == [0.1, 0.1, 0.9]
    assert arm.runs["status"].tolist() == ["diverged", "diverged", "finished"]
    assert arm.runs["diverged_at"].tolist()[:1] == [7]
    assert any("2 of 3 runs diverged" in sentence for sentence in found.sentences())
    assert [each["rule"] for each in arm.runs["findings"].iloc[0]] == ["divergence"]


def test_failures_are_recorded_named_and_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(run: Run) -> float:
        import os

        if run.loss.effect and run.seed == 0 and "WORKS" not in os.environ:
            raise ValueError("no such luck")
        if run.loss.effect and run.seed == 1 and "WORKS" not in os.environ:
            raise SystemExit(3)
        return 0.5 + run.seed

    call = functools.partial(
        losslab.compare, failing, {"plain": Plain, "better": Better}, metric="x", seeds=3, folder=tmp_path
    )
    sentences = call().sentences()
    assert any(
        "Failed: better, seed 0 on failing: ValueError: no such luck" in sentence for sentence in sentences
    )
    assert any("train called sys.exit(3)" in sentence for sentence in sentences)
    monkeypatch.setenv("WORKS", "1")
    assert call().comparison.failures == []


def test_if_all_fail_one_sentence_says_why(tmp_path: Path) -> None:
    def failing(run: Run) -> float:
        raise ValueError("no such luck")

    with pytest.raises(
        RunsFailed, match=r"all 6 runs failed, the first with ValueError: no such luck; the trac"
    ):
        losslab.compare(failing, LOSSES, metric="x", seeds=2, folder=tmp_path)


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    def interrupted(run: Run) -> float:
        import os

        if run.seed == 1 and "GO_ON" not in os.environ:
            raise KeyboardInterrupt
        return run.seed

    call = functools.partial(losslab.compare, interrupted, LOSSES, metric="x", seeds=2, folder=tmp_path)
    with pytest.raises(
        KeyboardInterrupt, match=f"3 of 6 runs are kept in {tmp_path}; the same call continues"
    ):
        call()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GO_ON", "1")
        assert len(call().runs) == 6


def test_a_wrong_metric_costs_no_run(tmp_path: Path) -> None:
    call = functools.partial(losslab.compare, train, LOSSES, seeds=2, folder=tmp_path)
    for _ in range(2):  # the second time no run is made
        wrong = "no 'acc'; the metrics are: validation/accuracy, test/accuracy, test/f1. The run is kept"
        with pytest.raises(UserError, match=wrong):
            call(metric="acc")
    (kept,) = records.find([tmp_path])
    before = made(tmp_path)
    call(metric="accuracy")
    assert records.load(kept).metric == "accuracy"
    assert made(tmp_path)[kept] == before[kept]


def test_until_decided_adds_seeds_only_to_open_losses(tmp_path: Path) -> None:
    def close(run: Run) -> float:
        spread = math.sin(run.seed) * (0.06 if run.loss.effect > 0.01 else 0.01 if run.loss.effect else 0.0)
        return 0.8 + spread + noise(run)

    found = losslab.compare(
        close,
        {"plain": Plain, "noisy": Better, "same": Plain(1e-9)},
        metric="x",
        margin=0.05,
        seeds="until decided",
        folder=tmp_path,
    )
    counts = found.runs.groupby([each["loss"] for each in found.runs["choices"]]).size()
    assert found.decisions == {"noisy": "equal", "same": "equal"}
    assert counts.to_dict() == {"plain": 18, "noisy": 18, "same": 8}
    rows = compare_folders([tmp_path]).tasks[0].arms  # a report judges by the same margin and stages
    assert [arm.judged.low for arm in rows[1:] if arm.judged] == [row.low for row in found.judgement.rows]


def test_tuning_never_sees_a_test_metric(tmp_path: Path) -> None:
    def tuned(run: Run) -> dict[str, Any]:
        distance = abs(run.params["lr"] - (0.3 if run.loss.effect else 0.1))
        run.log(1, test_accuracy=0.1, val_accuracy=0.2)
        # by the test metric the worst value would win
        return {"val": {"accuracy": 0.9 - distance}, "test": {"accuracy": 0.5 + distance}}

    found = losslab.compare(
        tuned,
        {"plain": Plain, "better": Better},
        metric="test/accuracy",
        tune={"lr": [0.1, 0.3, 0.9]},
        tune_on="val/accuracy",
        seeds=2,
        folder=tmp_path / "study",
    )
    assert found.params == {"plain": {"lr": 0.1}, "better": {"lr": 0.3}}
    assert found.runs["seed"].tolist() == [0, 0, 1, 1]
    tuning = [records.load(path) for path in records.find([tmp_path / "study-tuning"])]
    assert len(tuning) == 2 * 3 * 2
    assert {record.seed for record in tuning} == {1000, 1001}
    assert {split for record in tuning for split in record.metrics} == {"validation"}
    texts = [path.read_text() for path in (tmp_path / "study-tuning").glob("*/curves.csv")]
    assert "validation" in texts[0]
    assert not any("test" in text for text in texts)
    assert len(compare_folders([tmp_path / "study"]).tasks) == 1


@pytest.mark.faults
def test_side_by_side_in_processes_gives_the_same(tmp_path: Path) -> None:
    def anew(run: Run) -> float:  # defined here, so it reaches the processes by value
        return 0.8 + run.loss.effect + noise(run) + float(torch.rand(()))

    one, two = (
        losslab.compare(anew, LOSSES, metric="x", seeds=2, folder=tmp_path / str(jobs), n_jobs=jobs)
        for jobs in (1, 2)
    )
    assert one.frame().equals(two.frame())


@pytest.mark.faults
def test_a_killed_process_costs_its_run_alone(tmp_path: Path) -> None:
    def deadly(run: Run) -> float:
        import os

        if run.loss.effect == 0.05 and run.seed == 1:
            os._exit(9)
        return 0.8 + run.seed / 10

    found = losslab.compare(deadly, LOSSES, metric="x", seeds=2, folder=tmp_path, n_jobs=2)
    failed = found.runs[found.runs["status"] == "failed"]
    assert len(failed) == 1
    assert failed["error"].iloc[0]["type"] == "WorkerKilled"
    assert any("Failed: better, seed 1 on deadly: WorkerKilled" in line for line in found.sentences())


def returns(value: Any) -> Any:
    return lambda run: value


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"losses": {"a": Plain}}, "losses has 1 entry: give at least two"),
        ({"losses": [Plain, Better]}, "give a dict of names and losses"),
        ({"losses": {"a": Plain, "b": 0.1}}, r"losses\['b'\] is 0.1: give a module, a class or a function"),
        ({"train": 3}, "train=3 is wrong: give a function"),
        ({"seeds": 1}, "seeds=1 is too few: one seed says nothing about others"),
        ({"seeds": [3, 3]}, "repeats a seed"),
        ({"seeds": "until decied"}, "seeds='until decied' is wrong"),
        ({"seeds": "until decided"}, "needs a margin"),
        ({"seeds": [0.5, 1]}, "seeds has 0.5: seeds are whole numbers"),
        ({"margin": math.nan}, "margin=nan is wrong: give a number above 0"),
        ({"margin": "a bit"}, "margin=a bit is wrong"),
        ({"reference": "c"}, "reference='c' is not among the losses: plain, better, same"),
        ({"metric": "val/x"}, "metric='val/x' is a validation metric"),
        ({"tune": {"lr": 0.1}}, r"give a dict of lists"),
        ({"tune": {"lr": []}}, r"tune has no value for 'lr'"),
        ({"tune": {"lr": [1]}, "tune_on": "x"}, "tune_on='x' is a test metric"),
        ({"tune": {"lr": [1]}, "tuning_seeds": [1]}, "tuning_seeds has 1, which is among seeds"),
        ({"tune_on": "val/x"}, "without tune"),
        ({"n_jobs": 0}, "n_jobs=0 is wrong"),
        ({"folder": "/proc/no"}, "/proc/no: No such file or directory; give another folder"),
        ({"train": returns([0.1])}, r"train returned \[0.1\]: return a dict of metrics"),
        ({"train": returns(None)}, "train returned None: return a dict of metrics"),
        ({"train": returns({"x": "0.9"})}, "train returned 'x' as '0.9', which is not a number"),
        ({"train": returns({"x": True})}, "'x' as True, which is not a number"),
        ({"train": returns({"y": 0.9})}, "train returned no 'x'; the metrics are: test/y"),
        ({"train": returns({"test": {"x": 1}, "x": 2})}, "two values for test x"),
        ({"train": returns({"holdout": {"x": 1}})}, "a dict under 'holdout'"),
        (
            {"train": returns(0.5), "tune": {"lr": [1]}},
            "with tune, train returns a dict with 'validation/x' in it",
        ),
    ],
)
def test_wrong_input_gets_one_sentence(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    given = {
        "train": returns(0.5),
        "losses": LOSSES,
        "metric": "x",
        "seeds": 2,
        "folder": tmp_path,
        **changes,
    }
    with pytest.raises(UserError, match=sentence) as caught:
        losslab.compare(given.pop("train"), given.pop("losses"), **given)
    assert "\n" not in str(caught.value)
