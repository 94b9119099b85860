"""A batch of runs through launchers that lose workers: what is kept, tried again, recorded as failed."""

import io
import os
import signal
import time
from concurrent.futures import BrokenExecutor
from types import SimpleNamespace

import pytest
from rich.console import Console

from commands import Started
from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.records import FAILED
from losslab.sweep.launch import launch
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
        PlannedRun([f"seed={seed}"], f"run{seed}", f"id{seed}", "arm", "task", seed) for seed in range(count)
    ]


class Workers:
    """A launcher that runs in order, and whose worker dies at the seeds in `lethal` so many times."""

    def __init__(self, folder, lethal=(), escapes=()):
        self.folder, self.lethal, self.escapes = folder, dict(lethal), escapes
        self.batches = []

    def launch(self, overrides, initial_job_idx):
        seeds = [int(run[0].partition("=")[2]) for run in overrides]
        self.batches.append(seeds)
        self.threads = os.environ.get("OMP_NUM_THREADS")
        results = []
        for seed in seeds:
            (self.folder / f"run{seed}").mkdir(exist_ok=True)
            (self.folder / f"run{seed}" / f"events{len(self.batches)}").touch()
            if self.lethal.get(seed, 0):
                self.lethal[seed] -= 1
                raise BrokenExecutor("a worker died")
            records.save(fabricate(identity=f"id{seed}"), curves_of([0.5]), self.folder / f"run{seed}")
            results.append(
                SimpleNamespace(_return_value=ValueError("a bug") if seed in self.escapes else "finished")
            )
        return results


def test_after_a_death_only_what_is_missing_runs_again_and_the_suspect_alone(tmp_path):
    workers = Workers(tmp_path, lethal={1: 1})
    launch(workers, planned(4), tmp_path)
    assert workers.batches == [[0, 1, 2, 3], [2, 3], [1]]
    assert len(records.find([tmp_path])) == 4


def test_a_run_whose_worker_dies_twice_is_recorded_and_the_others_go_on(tmp_path, monkeypatch):
    given_up = []
    monkeypatch.setattr(
        "losslab.sweep.launch._record_killed", lambda launcher, run, folder: given_up.append(run.seed)
    )
    workers = Workers(tmp_path, lethal={0: 2, 2: 5})
    launch(workers, planned(4), tmp_path)
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
    launch(workers, runs, tmp_path)
    assert workers.batches == [[0, 1], [1], [0]]


def test_what_escapes_from_a_run_is_raised_when_all_have_run(tmp_path):
    workers = Workers(tmp_path, escapes=[0])
    with pytest.raises(ValueError, match="a bug"):
        launch(workers, planned(2), tmp_path)
    assert len(records.find([tmp_path])) == 2


def test_workers_get_one_thread_unless_the_environment_says_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    workers = Workers(tmp_path)
    launch(workers, planned(1), tmp_path)
    assert workers.threads == "1"
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    launch(workers, planned(1), tmp_path)
    assert workers.threads == "3"


def test_progress_counts_what_lies_in_the_folders(tmp_path):
    said = io.StringIO()
    runs = planned(3)
    progress = SweepProgress(runs, tmp_path, Console(file=said, width=200))
    progress.look()
    assert progress.text() == "0 of 3 runs, 0 running, 0 failed"
    (tmp_path / "run1").mkdir()
    Workers(tmp_path).launch([["seed=0"]], 0)
    progress.look()
    assert progress.text().startswith("1 of 3 runs, 1 running, 0 failed, 0:0")
    assert said.getvalue().startswith("run0: finished")
    (tmp_path / "run2").mkdir()
    failed = fabricate(identity="id2", status=FAILED, timing={})
    records.save(failed, curves_of([0.5]), tmp_path / "run2")
    progress.look()
    assert progress.text().startswith("2 of 3 runs, 1 running, 1 failed")
    assert said.getvalue().count("finished") == 1


def test_killed_workers_cost_their_own_runs_and_no_others(tmp_path, train):
    (tmp_path / "lethal_loss.py").write_text(LETHAL)
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "lethal.yaml").write_text(
        "loss: {_target_: lethal_loss.Lethal}\noutput_activation: identity\ntargets: one_hot\n"
    )
    sweep = ["-m", "loss=lethal,mse", "seed=0,1", "trainer.max_epochs=1"]
    arguments = [*sweep, "folder=sweep", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    out, err = tmp_path / "out", tmp_path / "err"
    process = Started("losslab", *arguments, "--config-dir", ".", folder=tmp_path, out=out, err=err)
    assert process.wait(timeout=240) == 1, err.read_text()
    assert "2 of 4 runs failed: lethal,seed=0" in err.read_text()
    assert "its worker process was killed" in err.read_text()
    assert "Warning" not in err.read_text()
    found = [records.load(path.parent) for path in sorted(tmp_path.glob("sweep/*/record.json"))]
    assert [record.status for record in found] == [FAILED, FAILED, "finished", "finished"]
    assert (tmp_path / "sweep" / "comparison.md").exists()
    # and those others are what this process makes of them
    here = [train("loss=mse", f"seed={seed}", "trainer.max_epochs=1")[0] for seed in (0, 1)]
    assert [record.metrics for record in found[2:]] == [record.metrics for record in here]


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
