"""Launches a batch of runs so that it survives a killed worker.

A launcher (`launchers.py`) makes the runs; this file reads their records, with any launcher.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path

from rich.console import Console

from losslab import records
from losslab.records import FAILED, Record, RecordError, Target
from losslab.sweep.launchers import Launcher
from losslab.sweep.plan import PlannedRun
from losslab.sweep.progress import Overall, shown
from losslab.sweep.workers import one_thread_each

KILLED = "its worker process was killed (out of memory?)"


def launch(
    launcher: Launcher,
    runs: Sequence[PlannedRun],
    folder: Path,
    console: Console,
    overall: Overall | None = None,
) -> None:
    """Makes all of `runs` in `folder`; returns when each has a record.

    If a launcher says that a worker process was killed, the batch is launched again for the runs without a
    record. The runs that were interrupted are repeated last, one at a time; if a worker is killed again, its
    run is recorded as failed.

    Raises an exception that escaped from a run, a bug or a UserError, after the others have finished. Raises
    UserError if a cluster loses a job.
    """
    escaped: list[Exception] = []
    threads = contextlib.nullcontext() if launcher.in_this_process else one_thread_each()
    with threads, shown(runs, folder, console, overall) as quiet:
        waiting: list[PlannedRun] = list(runs)
        suspects: list[PlannedRun] = []
        began = started = time.time()
        while waiting:
            if _survives(launcher, waiting, folder, quiet, escaped):
                break
            unfinished = [run for run in waiting if not _is_done(run, folder, began)]
            under_way = [run for run in unfinished if _modified(folder / run.folder) >= started]
            suspects += under_way or unfinished
            waiting = [run for run in unfinished if run not in suspects]
            started = time.time()
        for run in suspects:
            shutil.rmtree(run.place(folder), ignore_errors=True)  # an incomplete TensorBoard log
            if not _survives(launcher, [run], folder, quiet, escaped):
                _record_killed(run, folder)
    if escaped:
        raise escaped[0]


def _survives(
    launcher: Launcher, runs: Sequence[PlannedRun], folder: Path, quiet: bool, escaped: list[Exception]
) -> bool:
    """Launches `runs` once; returns whether no worker was killed."""
    try:
        escaped += launcher(runs, folder, quiet)
    except BrokenExecutor:
        return False
    return True


def _is_done(run: PlannedRun, folder: Path, since: float) -> bool:
    try:
        record = records.load(folder / run.folder)
    except RecordError:
        return False
    if record.identity != run.identity:
        return False
    # an older failure is being repeated
    return record.status != FAILED or _modified(folder / run.folder / records.RECORD_FILE) >= since


def _modified(path: Path) -> float:
    """Time of the last change, plus a second for coarse clocks; 0 if the file does not exist."""
    try:
        return path.stat().st_mtime + 1
    except OSError:
        return 0.0


def _record_killed(run: PlannedRun, folder: Path) -> None:
    """The record that the run could not write itself."""
    import pandas as pd

    place = run.place(folder)
    record = run.empty_record or _empty_record(run, place)
    record = record.model_copy(update={"error": {"type": "WorkerKilled", "message": KILLED, "traceback": ""}})
    place.mkdir(parents=True, exist_ok=True)
    records.save(record, pd.DataFrame(columns=records.CURVE_COLUMNS), place)


def _empty_record(run: PlannedRun, place: Path) -> Record:
    from losslab.tasks.kinds import kind_named  # imports torch

    assert run.settings is not None
    settings = run.settings.model_copy(update={"folder": str(place.absolute())})
    kind = kind_named(settings.task.kind)
    return Record(
        identity=run.identity,
        arm_identity=run.arm_identity,
        task_identity=run.task_identity,
        name=run.folder,
        seed=run.seed,
        choices=settings.choices,
        overrides=run.overrides,
        config=settings.plain(),
        status=FAILED,
        metric=kind.primary,
        higher_is_better=kind.higher_is_better,
        targets=[Target(float(value)) for value in settings.task.targets],
    )
