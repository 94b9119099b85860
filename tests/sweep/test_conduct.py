"""A sweep from its plan to its end, with a launcher and an ending of one's own."""

from __future__ import annotations

import io
import os
import signal

import pytest
from rich.console import Console

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.config.compose import composer
from losslab.errors import UserError
from losslab.records import FAILED
from losslab.sweep.conduct import Setup, conduct, conduct_planned
from losslab.sweep.launchers import OneByOne, SideBySide
from losslab.sweep.plan import PlannedRun
from losslab.sweep.progress import Overall

BATCH = [["loss=mse", "seed=0"], ["loss=mse", "seed=1"], ["loss=mse", "seed=0"]]


def train(run, folder, quiet):
    """In place of a training; at module level, for worker processes."""
    place = run.place(folder)
    place.mkdir(exist_ok=True)
    status = FAILED if run.seed == 7 else records.FINISHED
    error = {"type": "Oops", "message": "no"} if status == FAILED else None
    record = fabricate(seed=run.seed, identity=run.identity, status=status, error=error)
    records.save(record, curves_of([0.5]), place)


def dies_with_seed_0(run, folder, quiet):
    if run.seed == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    train(run, folder, quiet)


class Trains:
    def __init__(self):
        self.seeds, self.quiet = [], set()

    def __call__(self, run, folder, quiet):
        self.seeds.append(run.seed)
        self.quiet.add(quiet)
        train(run, folder, quiet)


@pytest.fixture
def setup():
    with composer() as compose:
        yield Setup(compose, OneByOne(Trains()), Console(file=io.StringIO(), width=200))


def said(setup):
    return setup.console.file.getvalue()


def test_what_is_missing_runs_once_and_the_ending_comes_last(setup, tmp_path):
    ended = []

    def ending(folder):
        ended.append(len(records.find([folder])))

    conducted = conduct(BATCH, tmp_path, setup, ending=ending)
    assert setup.launcher.train.seeds == [0, 1]
    assert [run.seed for run in conducted.runs] == [0, 1, 0]
    assert conducted.failed is None
    assert ended == [2]
    conduct([*BATCH, ["loss=mse", "seed=2"]], tmp_path, setup)
    assert setup.launcher.train.seeds == [0, 1, 2]
    assert f"3 runs in {tmp_path}, 2 done already" in said(setup)


def test_a_failed_run_is_named_and_made_again_only_on_request(setup, tmp_path):
    batch = [["loss=mse", "seed=7"]]
    assert "1 of 1 runs failed: seed=7" in str(conduct(batch, tmp_path, setup).failed)
    conduct(batch, tmp_path, setup)
    assert setup.launcher.train.seeds == [7]
    again = Setup(setup.compose, setup.launcher, setup.console, retry_failed=True)
    conduct(batch, tmp_path, again)
    assert setup.launcher.train.seeds == [7, 7]


def test_the_ending_comes_also_after_an_interruption_and_the_folder_is_free_again(setup, tmp_path):
    def interrupted(run, folder, quiet):
        raise KeyboardInterrupt

    ended = []
    broken = Setup(setup.compose, OneByOne(interrupted), setup.console)
    with pytest.raises(KeyboardInterrupt):
        conduct(BATCH, tmp_path, broken, ending=ended.append)
    assert ended == [tmp_path]
    assert conduct(BATCH, tmp_path, setup).failed is None


def test_what_escapes_from_a_run_is_raised_after_the_others(setup, tmp_path):
    trains = Trains()

    def buggy(run, folder, quiet):
        trains(run, folder, quiet)
        return ValueError("a bug") if run.seed == 0 else None

    with pytest.raises(ValueError, match="a bug"):
        conduct(BATCH, tmp_path, Setup(setup.compose, OneByOne(buggy), setup.console))
    assert trains.seeds == [0, 1]


def test_what_cannot_be_run_is_refused_before_anything_is_written(setup, tmp_path):
    with pytest.raises(UserError, match="seed=-1"):
        conduct([["seed=0"], ["seed=-1"]], tmp_path / "sweep", setup)
    assert not (tmp_path / "sweep").exists()


def test_the_same_in_worker_processes(setup, tmp_path):
    side_by_side = Setup(setup.compose, SideBySide(train, 2), setup.console)
    assert conduct(BATCH, tmp_path, side_by_side).failed is None
    assert len(records.find([tmp_path])) == 2


@pytest.mark.parametrize("processes", [1, 2])
def test_a_worker_that_is_killed_costs_its_own_run(setup, tmp_path, processes):
    deadly = Setup(setup.compose, SideBySide(dies_with_seed_0, processes), setup.console)
    conducted = conduct(BATCH, tmp_path, deadly)
    assert "1 of 2 runs failed: seed=0" in str(conducted.failed)
    assert "its worker process was killed" in str(conducted.failed)
    assert sorted(record.status for record in map(records.load, records.find([tmp_path]))) == [
        FAILED,
        records.FINISHED,
    ]


def test_several_sweeps_share_one_count_and_their_runs_are_quiet(setup, tmp_path):
    overall = Overall(total=4)
    for name in ("tuning", "reporting"):
        counted = Setup(setup.compose, setup.launcher, setup.console, overall=overall)
        conduct(BATCH, tmp_path / "claim" / name, counted)
    assert setup.launcher.train.quiet == {True}
    assert "claim, tuning; in all 2 of 4 runs" in said(setup)
    assert "claim, reporting; in all 4 of 4 runs" in said(setup)
    conduct(BATCH, tmp_path / "alone", setup)
    assert setup.launcher.train.quiet == {True, False}


def test_runs_may_be_planned_without_any_config(setup, tmp_path):
    planned = [PlannedRun([], f"arm{seed}-id{seed}", f"id{seed}", "arm", "task", seed) for seed in range(3)]
    assert conduct_planned(planned, tmp_path, setup).failed is None
    assert setup.launcher.train.seeds == [0, 1, 2]
