"""A batch of runs through launchers that lose workers: what is kept, tried again, recorded as failed."""

import io
import os
import signal
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from commands import Started
from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.errors import UserError
from losslab.records import FAILED
from losslab.sweep.launch import launch
from losslab.sweep.launchers import ThroughHydra
from losslab.sweep.plan import PlannedRun
from losslab.sweep.progress import SweepProgress

LETHAL = """
import os, signal, torch
from torch import nn

class Lethal(nn.Module):
    calls = 0

    def forward(self, prediction, target):
        self.calls += torch.is_grad_enabled()
        if self.calls == 10:
            os.kill(os.getpid(), signal.SIGKILL)
        return (prediction - target).square().mean()
"""


def planned(count):
    return [
        PlannedRun([f"seed={seed}"], f"run{seed}-id{seed}", f"id{seed}", "arm", "task", seed)
        for seed in range(count)
    ]


class Workers:
    """A launcher that runs in order, and whose worker dies at the seeds in `lethal` so many times."""

    in_this_process = False

    def __init__(self, folder, lethal=(), escapes=()):
        self.folder, self.lethal, self.escapes = folder, dict(lethal), escapes
        self.batches = []

    def __call__(self, runs, folder, quiet):
        seeds = [run.seed for run in runs]
        self.batches.append(seeds)
        self.threads = os.environ.get("OMP_NUM_THREADS")
        escaped = []
        for seed in seeds:
            place = self.folder / f"run{seed}-id{seed}"
            place.mkdir(exist_ok=True)
            (place / f"events{len(self.batches)}").touch()
            if self.lethal.get(seed, 0):
                self.lethal[seed] -= 1
                raise BrokenExecutor("a worker died")
            records.save(fabricate(identity=f"id{seed}"), curves_of([0.5]), place)
            if seed in self.escapes:
                escaped.append(ValueError("a bug"))
        return escaped


def launched(workers, runs):
    launch(workers, runs, workers.folder, Console(file=io.StringIO()))


def test_after_a_death_only_what_is_missing_runs_again_and_the_suspect_alone(tmp_path):
    workers = Workers(tmp_path, lethal={1: 1})
    launched(workers, planned(4))
    assert workers.batches == [[0, 1, 2, 3], [2, 3], [1]]
    assert len(records.find([tmp_path])) == 4


def test_a_run_whose_worker_dies_twice_is_recorded_and_the_others_go_on(tmp_path, monkeypatch):
    given_up = []
    monkeypatch.setattr("losslab.sweep.launch._record_killed", lambda run, folder: given_up.append(run.seed))
    workers = Workers(tmp_path, lethal={0: 2, 2: 5})
    launched(workers, planned(4))
    assert workers.batches == [[0, 1, 2, 3], [1, 2, 3], [3], [0], [2]]
    assert given_up == [0, 2]
    assert len(records.find([tmp_path])) == 2


def test_an_earlier_failure_is_no_new_record(tmp_path):
    runs = planned(2)
    for run in runs:
        (tmp_path / run.folder).mkdir()
        old = fabricate(identity=run.identity, status=FAILED)
        records.save(old, curves_of([0.5]), tmp_path / run.folder)
        for path in (tmp_path / run.folder, tmp_path / run.folder / "record.json"):
            os.utime(path, (1e9, 1e9))
    workers = Workers(tmp_path, lethal={0: 1})
    launched(workers, runs)
    assert workers.batches == [[0, 1], [1], [0]]


def test_what_escapes_from_a_run_is_raised_when_all_have_run(tmp_path):
    workers = Workers(tmp_path, escapes=[0])
    with pytest.raises(ValueError, match="a bug"):
        launched(workers, planned(2))
    assert len(records.find([tmp_path])) == 2


def test_workers_get_one_thread_unless_the_environment_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    workers = Workers(tmp_path)
    launched(workers, planned(1))
    assert workers.threads == "1"
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    launched(workers, planned(1))
    assert workers.threads == "3"


def test_nothing_is_removed_outside_of_the_sweep(tmp_path):
    (tmp_path / "precious-id0").mkdir()
    (tmp_path / "precious-id0" / "work").touch()
    (tmp_path / "sweep").mkdir()
    lost = PlannedRun(["seed=0"], "../precious-id0", "id0", "arm", "task", 0)

    class Dies:
        in_this_process = True

        def __call__(self, runs, folder, quiet):
            raise BrokenExecutor("a worker died")

    with pytest.raises(UserError, match="not a folder that losslab made"):
        launch(Dies(), [lost], tmp_path / "sweep", Console(file=io.StringIO()))
    assert (tmp_path / "precious-id0" / "work").exists()


def test_a_run_whose_worker_was_killed_gets_the_record_it_could_not_write(tmp_path, composed):
    settings = composed("loss=mse", "seed=3")
    run = PlannedRun(["loss=mse", "seed=3"], "run-abc", "abc", "arm", "task", 3, settings)
    workers = Workers(tmp_path, lethal={3: 2})
    launched(workers, [run])
    record = records.load(tmp_path / "run-abc")
    assert (record.status, record.seed, record.choices["loss"]) == (FAILED, 3, "mse")
    assert record.error["type"] == "WorkerKilled"
    assert record.config["folder"] == str(tmp_path / "run-abc")


class HydraLauncher:
    """Like one of Hydra's: takes overrides, returns jobs that have a return value."""

    def __init__(self, *returns):
        self.returns = returns

    def launch(self, job_overrides, initial_job_idx):
        self.overrides = job_overrides
        return [SimpleNamespace(return_value=value) for value in self.returns]


def test_through_hydra_a_run_is_its_overrides_and_its_exceptions_come_back(tmp_path):
    bug = ValueError("a bug")
    launcher = HydraLauncher("finished", bug)
    assert ThroughHydra(launcher, True)(planned(2), Path("it's"), quiet=True) == [bug]
    assert launcher.overrides[1] == [
        *("seed=1", "quiet=true", r"hydra.sweep.dir='it\'s'", "hydra.sweep.subdir='run1-id1'"),
    ]
    ThroughHydra(launcher, True)(planned(1), tmp_path, quiet=False)
    assert "quiet=true" not in launcher.overrides[0]


def test_a_job_that_a_cluster_lost_is_one_sentence(tmp_path, monkeypatch):
    class WorkerCrashedError(Exception):
        pass

    class Loses:
        def launch(self, job_overrides, initial_job_idx):
            raise WorkerCrashedError("node 7 is gone")

    monkeypatch.setitem(sys.modules, "ray.exceptions", SimpleNamespace(WorkerCrashedError=WorkerCrashedError))
    with pytest.raises(UserError, match=r"a job was lost \(node 7 is gone\)"):
        ThroughHydra(Loses(), False)(planned(1), tmp_path, quiet=True)


def test_progress_counts_what_lies_in_the_folders(tmp_path):
    said = io.StringIO()
    runs = planned(3)
    progress = SweepProgress(runs, tmp_path, Console(file=said, width=200))
    progress.look()
    assert progress.text() == "0 of 3 runs, 0 running, 0 failed"
    (tmp_path / "run1-id1").mkdir()
    Workers(tmp_path)(planned(1), tmp_path, quiet=True)
    progress.look()
    assert progress.text().startswith("1 of 3 runs, 1 running, 0 failed, 0:0")
    assert said.getvalue().startswith("run0-id0: finished")
    (tmp_path / "run2-id2").mkdir()
    failed = fabricate(identity="id2", status=FAILED, timing={})
    records.save(failed, curves_of([0.5]), tmp_path / "run2-id2")
    progress.look()
    assert progress.text().startswith("2 of 3 runs, 1 running, 1 failed")
    assert said.getvalue().count("finished") == 1


@pytest.mark.faults  # in the suite test_conduct.py kills a worker, without the command and its imports
def test_killed_workers_cost_their_own_runs_and_no_others(tmp_path, train):
    (tmp_path / "lethal_loss.py").write_text(LETHAL)
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "lethal.yaml").write_text(
        "loss: {_target_: lethal_loss.Lethal}\noutput_activation: identity\ntargets: one_hot\n"
    )
    sweep = ["-m", "loss=lethal,mse,l1", "trainer.max_epochs=1"]
    arguments = [*sweep, "folder=sweep", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    out, err = tmp_path / "out", tmp_path / "err"
    process = Started("losslab", *arguments, "--config-dir", ".", folder=tmp_path, out=out, err=err)
    assert process.wait(timeout=240) == 1, err.read_text()
    assert "1 of 3 runs failed: lethal" in err.read_text()
    assert "its worker process was killed" in err.read_text()
    assert "Warning" not in err.read_text()
    found = [records.load(path.parent) for path in sorted(tmp_path.glob("sweep/*/record.json"))]
    found = sorted(found, key=lambda record: ["lethal", "mse", "l1"].index(record.choices["loss"]))
    assert [record.status for record in found] == [FAILED, "finished", "finished"]
    assert (tmp_path / "sweep" / "comparison.md").exists()
    # and those others are what this process makes of them
    here = [train(f"loss={loss}", "trainer.max_epochs=1")[0] for loss in ("mse", "l1")]
    assert [record.metrics for record in found[1:]] == [record.metrics for record in here]


def test_ctrl_c_stops_all_processes_and_keeps_what_is_done(tmp_path):
    sweep = [
        "-m",
        "loss=mse",
        "seed=range(0,100)",
        "folder=sweep",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=2",
    ]
    log = tmp_path / "log"
    process = Started("losslab", *sweep, "diagnostics=off", "pictures=null", folder=tmp_path, out=log)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("sweep/*/record.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all processes
    pressed = time.monotonic()
    status = process.wait(timeout=60)
    said = log.read_text()
    assert status == 130, said
    assert time.monotonic() - pressed < 15
    assert "Traceback" not in said
    assert "interrupted" in said
    assert _all_gone(process.pid)
    finished = list(tmp_path.glob("sweep/*/record.json"))
    assert 2 <= len(finished) < 100
    assert (tmp_path / "sweep" / "comparison.csv").exists()


def _all_gone(group):
    """Whether no process of `group` is left half a minute later: a busy machine takes its time."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
