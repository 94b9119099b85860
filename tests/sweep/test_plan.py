"""A sweep's plan: what is the same run, what is done, and who may work in a folder."""

import json

import pytest
from filelock import FileLock
from omegaconf import OmegaConf

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.cli import job
from losslab.config.compose import composer
from losslab.errors import RunsFailed, SweepStopped, UserError
from losslab.records import DIVERGED, FAILED
from losslab.records.plan import Judging, load_plan
from losslab.sweep.plan import (
    LOCK_FILE,
    PlannedRun,
    _seeds_together,
    check_locked,
    failures,
    locked,
    once_each,
    outstanding,
    plan,
    write_plan,
)


def planned(count=3, prefix="mse"):
    return [
        PlannedRun([f"seed={seed}"], f"{prefix},seed={seed}-id{seed}", f"id{seed}", "arm", "task", seed)
        for seed in range(count)
    ]


def finish(run, folder, **changes):
    (folder / run.folder).mkdir(exist_ok=True)
    records.save(fabricate(identity=run.identity, **changes), curves_of([0.5]), folder / run.folder)


def test_only_what_has_no_record_is_outstanding(tmp_path):
    runs = planned()
    finish(runs[0], tmp_path)
    finish(runs[1], tmp_path, status=DIVERGED)
    assert outstanding(runs, tmp_path, retry_failed=False) == [runs[2]]


def test_failed_runs_are_taken_up_again_only_on_request(tmp_path):
    runs = planned()
    finish(runs[1], tmp_path, status=FAILED)
    assert outstanding(runs, tmp_path, retry_failed=False) == [runs[0], runs[2]]
    assert outstanding(runs, tmp_path, retry_failed=True) == runs


def test_a_record_of_another_config_is_never_reused(tmp_path):
    runs = planned(1)
    (tmp_path / runs[0].folder).mkdir()
    records.save(fabricate(identity="other"), curves_of([0.5]), tmp_path / runs[0].folder)
    assert outstanding(runs, tmp_path, retry_failed=False) == runs


def test_a_damaged_record_counts_as_none(tmp_path):
    runs = planned(1)
    finish(runs[0], tmp_path)
    path = tmp_path / runs[0].folder / "record.json"
    path.write_text(path.read_text()[:100])
    assert outstanding(runs, tmp_path, retry_failed=False) == runs


def test_a_run_keeps_its_folder_when_more_is_swept(tmp_path):
    first, wider = planned(2, "mse"), planned(3, "mse,lr=0.1")
    write_plan(first, tmp_path)
    write_plan(wider, tmp_path)
    assert [run.folder for run in wider] == ["mse,seed=0-id0", "mse,seed=1-id1", "mse,lr=0.1,seed=2-id2"]
    plan = json.loads((tmp_path / "sweep.json").read_text())
    assert [run["identity"] for run in plan["runs"]] == ["id0", "id1", "id2"]


@pytest.mark.parametrize(
    "folder",
    [
        "../precious-id0",
        "/tmp/precious-id0",
        "a/b-id0",
        "..",
        ".",
        "",
        "notes",
        "mse,seed=0-id1",
        "\0-id0",
        None,
        3,
    ],
)
def test_a_folder_in_the_plan_that_is_none_of_ours_is_refused(tmp_path, folder):
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    write_plan(planned(1), sweep)
    path = sweep / "sweep.json"
    written = json.loads(path.read_text())
    written["runs"][0]["folder"] = folder
    path.write_text(json.dumps(written))
    before = path.read_bytes()
    ours = r"puts a run into .*, not a folder that losslab made"
    valid = r"is not a valid sweep plan: runs\.0\.folder is wrong: .*; delete it"
    with pytest.raises(UserError, match=rf"sweep\.json ({ours if isinstance(folder, str) else valid})"):
        write_plan(planned(1), sweep)
    assert path.read_bytes() == before


def test_a_plan_keeps_how_the_sweep_is_judged(tmp_path):
    write_plan(planned(1), tmp_path, Judging(margin="0.01", stages=[8, 12]))
    write_plan(planned(2), tmp_path)
    assert load_plan(tmp_path).judging == Judging(margin="0.01", stages=[8, 12])
    # what was looked at in stages is not a single look because seeds are given later
    write_plan(planned(3), tmp_path, Judging(margin="5%", reference="mse"))
    assert load_plan(tmp_path).judging == Judging(margin="5%", reference="mse", stages=[8, 12])
    assert len(load_plan(tmp_path).runs) == 3


def test_a_plan_that_is_damaged_is_neither_read_nor_replaced(tmp_path):
    (tmp_path / "sweep.json").write_text('{"schema_version": 1, "runs": [')
    with pytest.raises(UserError, match=r"sweep\.json is not a readable sweep plan: .*; delete it"):
        write_plan(planned(1), tmp_path)


def test_a_link_to_another_folder_is_none_of_ours(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "sweep").mkdir()
    run = planned(1)[0]
    (tmp_path / "sweep" / run.folder).symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="not a folder that losslab made"):
        run.place(tmp_path / "sweep")


def test_a_sweep_below_a_link_is_ones_own(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "sweep").symlink_to(tmp_path / "disk")
    run = planned(1)[0]
    assert run.place(tmp_path / "sweep") == tmp_path / "sweep" / run.folder


def test_failures_are_named_and_a_run_without_a_record_is_one(tmp_path):
    runs = planned()
    finish(runs[0], tmp_path)
    finish(runs[1], tmp_path, status=FAILED, error={"type": "Oops", "message": "no\nmore"})
    error = failures(runs, tmp_path)
    assert isinstance(error, RunsFailed)
    assert str(error).startswith(
        "2 of 3 runs failed: mse,seed=1-id1 (Oops: no); mse,seed=2-id2 (it left no record)"
    )
    assert failures(runs[:1], tmp_path) is None


def test_two_sweeps_in_one_folder_are_refused(tmp_path):
    with (
        FileLock(tmp_path / LOCK_FILE),
        pytest.raises(UserError, match="another sweep is running"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        assert (tmp_path / LOCK_FILE).exists()


def test_a_sweep_notices_that_its_folder_or_lock_is_gone(tmp_path):
    folder = tmp_path / "sweep"
    with locked(folder):
        check_locked(folder)
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(SweepStopped, match="sweep was moved or removed while the sweep ran"):
            check_locked(folder)
        with pytest.raises(SweepStopped, match="moved or removed"):
            job.run_in_sweep(None, [], folder / "run", quiet=True)
        assert not folder.exists()
    with locked(folder):
        (folder / ".lock").unlink()
        with pytest.raises(SweepStopped, match=r"or its \.lock was"):
            check_locked(folder)


def test_the_same_run_written_twice_is_one_run():
    with composer() as compose:
        runs = plan([["loss=mse", "seed=0"], ["loss=mse", "seed=0"], ["loss=mse", "seed=1"]], compose)
    assert runs[0] is runs[1]
    assert [run.seed for run in once_each(runs)] == [0, 1]


@pytest.mark.parametrize("seeds", [["seed=0", "seed=7"], ["seed=1,2"], ["seed=0", "seed=-1"], ["+seed=3"]])
def test_runs_that_differ_in_their_seed_are_composed_together_with_the_same_result(seeds):
    asked = []

    def compose(overrides):
        asked.append(list(overrides))
        choices = {"choices": {"loss": "mse"}}
        config = {"seed": 99, "loss": "none", "twice": "${seed}", "hydra": {"runtime": choices}}
        for override in overrides:
            key, _, value = override.lstrip("+").partition("=")
            config[key] = int(value) if value.isdecimal() else value
        return OmegaConf.create(config)

    together = _seeds_together(compose)
    batch = [[f"loss={loss}", seed] for seed in seeds for loss in ("mse", "l1")]
    for overrides in batch:
        found = OmegaConf.to_container(together(overrides), resolve=True)
        assert found == OmegaConf.to_container(compose(overrides), resolve=True)
    if seeds == ["seed=0", "seed=7"]:
        assert len(asked) == len(batch) + 2  # once for each of the two losses, and once to compare each
