"""A sweep from its plan to its end: plan, check, launch what is missing, show how far it is, end.

What differs from caller to caller is handed in: how configs are composed, where runs run, what is made of the
records at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from losslab.errors import RunsFailed
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
        console: where progress goes.
        preflight: loads and builds what a run consists of, once an arm, before the first run starts; None
            where this machine does not have the data.
        retry_failed: whether runs that failed before are made again.
        overall: the count of several sweeps that are shown as one.
    """

    compose: Callable[[list[str]], DictConfig]
    launcher: Launcher
    console: Console
    preflight: Preflight | None = None
    retry_failed: bool = False
    overall: Overall | None = None


@dataclasses.dataclass(frozen=True)
class Conducted:
    """What became of a sweep.

    Attributes:
        runs: one for each of the batch, the same object where two are the same run.
        failed: the error that names the runs that failed; None where none did.
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
    """Make all runs of `batch` in `folder`, apart from those that have a record there.

    Args:
        batch: overrides of each run.
        names: the readable part of each run's folder; made from the overrides where not given.
        ending: called with the folder when all is done, and also when it was interrupted.

    Raises UserError for what cannot be run, before anything runs; and what escaped from a run, after the
    others have finished.
    """
    planned = plan.plan(batch, setup.compose, setup.preflight, names)
    return conduct_planned(planned, folder, setup, ending)


def conduct_planned(
    planned: Sequence[PlannedRun], folder: Path, setup: Setup, ending: Ending | None = None
) -> Conducted:
    """`conduct`, for runs that are planned and checked already."""
    runs = plan.once_each(planned)
    with plan.locked(folder):
        try:
            _run_missing(runs, folder, setup)
        finally:
            if ending is not None:
                ending(folder)
    return Conducted(list(planned), plan.failures(runs, folder))


def _run_missing(runs: Sequence[PlannedRun], folder: Path, setup: Setup) -> None:
    plan.write_plan(runs, folder)
    missing = plan.outstanding(runs, folder, setup.retry_failed)
    present = len(runs) - len(missing)
    if setup.overall is not None:
        setup.overall.present += present
    already = f", {present} done already" if present else ""
    setup.console.print(f"{len(runs)} runs in {folder}{already}", highlight=False, markup=False)
    if missing:
        launch(setup.launcher, missing, folder, setup.console, setup.overall)
