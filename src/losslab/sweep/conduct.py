"""A sweep from its plan to its end: plan, check, launch missing runs, show progress, end.

The caller passes in what differs: how configs are composed, where runs run, and what happens with the records
at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from losslab.errors import RunsFailed
from losslab.records.plan import Judging
from losslab.sweep import plan
from losslab.sweep.launch import launch
from losslab.sweep.launchers import Launcher
from losslab.sweep.plan import PlannedRun, Preflight
from losslab.sweep.progress import Overall

Ending = Callable[[Path], object]


@dataclasses.dataclass(frozen=True)
class Setup:
    """How the runs of a sweep are made.

    Attributes:
        compose: from the overrides of a run to its config.
        launcher: where they run, see `launchers.py`.
        console: where progress is printed.
        preflight: loads and builds the parts of a run, once per arm, before the first run starts; None
            if this machine does not have the data.
        retry_failed: whether runs that failed before are repeated.
        overall: the progress of several sweeps that are shown as one.
        judging: how the results are judged, which `sweep.json` keeps; None for the runs of a claim.
    """

    compose: Callable[[list[str]], DictConfig]
    launcher: Launcher
    console: Console
    preflight: Preflight | None = None
    retry_failed: bool = False
    overall: Overall | None = None
    judging: Judging | None = None


@dataclasses.dataclass(frozen=True)
class Conducted:
    """The result of a sweep.

    Attributes:
        runs: one for each of the batch, the same object where two are the same run.
        failed: the error that names the failed runs; None if none failed.
    """

    runs: list[PlannedRun]
    failed: RunsFailed | None


def conduct(
    batch: Sequence[Sequence[str]],
    folder: Path,
    setup: Setup,
    *,
    names: Sequence[str] | None = None,
    ending: Ending | None = None,
) -> Conducted:
    """Makes all runs of `batch` in `folder`, except those that have a record there.

    Args:
        batch: overrides of each run.
        names: the readable part of each run's folder; by default made from the overrides.
        ending: called with the folder at the end, also after an interruption.

    Raises UserError for runs that cannot be made, before anything runs. Raises an exception that escaped from
    a run after the others have finished.
    """
    planned = plan.plan(batch, setup.compose, setup.preflight, names)
    return conduct_planned(planned, folder, setup, ending)


def conduct_planned(
    planned: Sequence[PlannedRun], folder: Path, setup: Setup, ending: Ending | None = None
) -> Conducted:
    """`conduct`, for runs that are already planned and checked."""
    runs = plan.once_each(planned)
    with plan.locked(folder):
        try:
            _run_missing(runs, folder, setup)
        finally:
            if ending is not None:
                ending(folder)
    return Conducted(list(planned), plan.failures(runs, folder))


def _run_missing(runs: Sequence[PlannedRun], folder: Path, setup: Setup) -> None:
    plan.write_plan(runs, folder, setup.judging)
    missing = plan.outstanding(runs, folder, setup.retry_failed)
    present = len(runs) - len(missing)
    if setup.overall is not None:
        setup.overall.present += present
    already = f", {present} done already" if present else ""
    setup.console.print(f"{len(runs)} runs in {folder}{already}", highlight=False, markup=False)
    if missing:
        launch(setup.launcher, missing, folder, setup.console, setup.overall)
