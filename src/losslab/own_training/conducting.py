"""Makes the runs that a folder lacks, as a sweep does, and reads them again. Which runs: `arms.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd

from losslab import records
from losslab.errors import RunsFailed, UserError
from losslab.own_training import results
from losslab.own_training.arms import Arm, Planner
from losslab.own_training.making import Maker
from losslab.own_training.results import Metric
from losslab.records import DIVERGED, FAILED, FINISHED, PLAN_FILE, RECORD_FILE, Record, stored
from losslab.records.frame import read_runs
from losslab.records.plan import Judging
from losslab.support.terminal import console
from losslab.sweep.conduct import Conducted, Setup, conduct_planned
from losslab.sweep.launchers import OneByOne, SideBySide
from losslab.sweep.plan import PlannedRun, locked


class Conductor:
    """The runs of some arms in one folder.

    Attributes:
        setup: for `losslab.sweep`; runs that failed are made again by the next call.
    """

    def __init__(
        self,
        train: Callable[..., Any],
        arms: Sequence[Arm],
        metric: Metric,
        folder: Path,
        jobs: int,
        *,
        tuning: bool = False,
        judging: Judging | None = None,
    ) -> None:
        self.arms, self.metric, self.folder = arms, metric, folder
        self.planner = Planner(train, metric, tuning)
        by_identity = {self.planner.run(arm, 0).arm_identity: arm for arm in arms}
        maker = Maker(train, by_identity, metric, tuning)
        launcher = SideBySide(maker, jobs) if jobs > 1 else OneByOne(maker)
        self.setup = Setup(_composed_already, launcher, console(), retry_failed=True, judging=judging)

    def make(self, batch: Sequence[Sequence[str]], folder: Path, setup: Setup) -> Conducted:
        """The runs with these overrides, those of an arm followed by a seed, as far as `folder` lacks them.

        Raises KeyboardInterrupt that says how many runs are kept; UserError if `folder` cannot be written.
        """
        by_words = {tuple(arm.overrides): arm for arm in self.arms}
        planned = [
            self.planner.run(by_words[tuple(words)], int(seed.removeprefix("seed=")))
            for *words, seed in batch
        ]
        try:
            with locked(folder):
                _forget_other_code(planned, folder)
                for run in planned:
                    self._adopt(run)
            return conduct_planned(planned, folder, setup)
        except KeyboardInterrupt:
            kept = sum(_record(folder, run) is not None for run in planned)
            raise KeyboardInterrupt(
                f"interrupted: {kept} of {len(planned)} runs are kept in {folder}; the same call continues"
            ) from None
        except OSError as error:
            raise UserError(
                f"{error.filename or folder}: {error.strerror or error}; give another folder"
            ) from error

    def read(self, seeds: Iterable[int], only_made: bool = False) -> tuple[pd.DataFrame, list[str]]:
        """The runs with these seeds, one row each, and what is wrong with their files.

        Args:
            only_made: runs without a record are no problem: in stages, decided losses get fewer seeds.

        Raises RunsFailed if every run failed.
        """
        planned = [self.planner.run(arm, seed) for seed in seeds for arm in self.arms]
        if only_made:
            planned = [run for run in planned if _record(self.folder, run) is not None]
        runs, problems = read_runs([self.folder / run.folder for run in planned])
        if (runs["status"] == FAILED).all():
            error = runs["error"].iloc[0] if len(runs) else None
            told = f"{error['type']}: {error['message']}" if error else "they left no record"
            raise RunsFailed(
                f"all {len(planned)} runs failed, the first with {told}; the tracebacks are in "
                f"{self.folder}/*/{RECORD_FILE}"
            )
        return runs, problems

    def _adopt(self, run: PlannedRun) -> None:
        """Takes over a record that was made for another metric or margin, without training again.

        Raises UserError if the run finished without the metric that is asked for now.
        """
        record, wanted = _record(self.folder, run), run.empty_record
        if record is None or wanted is None or record.status == FAILED:
            return
        if record.status == FINISHED and self.metric.value(record.metrics) is None:
            raise self.metric.missing(record.metrics)
        changed = ("metric", "higher_is_better", "overrides")
        if all(getattr(record, name) == getattr(wanted, name) for name in changed):
            return
        same = record.metric == wanted.metric or (
            record.status == DIVERGED and record.diverged_at is not None
        )
        path = self.folder / run.folder / RECORD_FILE
        if same or results.finite(self.metric.value(record.metrics)):
            stored.save(record.model_copy(update={name: getattr(wanted, name) for name in changed}), path)
        else:
            path.unlink()  # diverged by the other metric, which cost it its test metrics


def _composed_already(overrides: list[str]) -> NoReturn:
    raise AssertionError("runs of own training code are planned, not composed from overrides")


def _record(folder: Path, run: PlannedRun) -> Record | None:
    try:
        record = records.load(folder / run.folder)
    except records.RecordError:
        return None
    return record if record.identity == run.identity else None


def _forget_other_code(planned: Sequence[PlannedRun], folder: Path) -> None:
    """Removes from `sweep.json` what an earlier version of the code planned: reports then leave it out.

    Losses that are not in this call stay, if they were compared with the same `train`.
    """
    path = folder / PLAN_FILE
    try:
        plan = json.loads(path.read_text())
        known = {tuple(run.overrides[:-1]): run.arm_identity for run in planned}
        kept = [
            entry
            for entry in plan["runs"]
            if entry["task_identity"] == planned[0].task_identity
            and known.get(tuple(entry["overrides"][:-1]), entry["arm_identity"]) == entry["arm_identity"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return  # no plan yet, or one that the sweep replaces
    if len(kept) < len(plan["runs"]):
        records.write_atomically(path, json.dumps({**plan, "runs": kept}, indent=1) + "\n")
