"""Launching a batch of runs through whatever Hydra launcher was chosen, so that it survives a killed worker.

The launcher runs them; this looks at the records that they leave, which is the same for every launcher.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from pathlib import Path
from typing import Any

from losslab import records
from losslab.config import settings
from losslab.errors import UserError, first_line
from losslab.records import FAILED, Record, RecordError, Target
from losslab.sweep.plan import PlannedRun
from losslab.sweep.progress import shown

# What numeric libraries read when a worker process starts.
# https://pytorch.org/docs/stable/notes/cpu_threading_torchscript_inference.html#tuning-the-number-of-threads
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
# How launchers of clusters say that a process is gone, while its siblings go on: module and name.
_LOST = (
    ("submitit.core.utils", "UncompletedJobError"),
    ("ray.exceptions", "WorkerCrashedError"),
    ("ray.exceptions", "OutOfMemoryError"),
)
KILLED = "its worker process was killed (out of memory?)"


def launch(launcher: Any, runs: Sequence[PlannedRun], folder: Path) -> None:
    """Run all of `runs` in `folder` by Hydra's `launcher`; returns when each has a record.

    Where a worker process is killed, the batch is launched again for what has no record yet. The runs that
    were under way then are taken up last, each alone; one whose worker is killed again is recorded as failed.

    Raises what escaped from a run: a bug, or a UserError. The others are finished first. A cluster's job that
    is lost is a UserError.
    """
    escaped: list[Exception] = []
    with _one_thread_each(launcher), shown(runs, folder):
        waiting: list[PlannedRun] = list(runs)
        suspects: list[PlannedRun] = []
        began = started = time.time()
        while waiting:
            if _survives(launcher, waiting, folder, escaped):
                break
            unfinished = [run for run in waiting if not _is_done(run, folder, began)]
            under_way = [run for run in unfinished if _modified(folder / run.folder) >= started]
            suspects += under_way or unfinished
            waiting = [run for run in unfinished if run not in suspects]
            started = time.time()
        for run in suspects:
            shutil.rmtree(folder / run.folder, ignore_errors=True)  # half a TensorBoard log
            if not _survives(launcher, [run], folder, escaped):
                _record_killed(launcher, run, folder)
    if escaped:
        raise escaped[0]


def _survives(launcher: Any, runs: Sequence[PlannedRun], folder: Path, escaped: list[Exception]) -> bool:
    """Launch `runs` once; whether no worker was killed meanwhile."""
    try:
        results = launcher.launch([run.hydra_overrides(folder) for run in runs], initial_job_idx=0)
    except BrokenExecutor:
        return False
    except Exception as error:
        if not isinstance(error, _lost()):
            raise
        raise UserError(
            f"a job was lost ({first_line(error)}); those that were started go on, and the same command runs "
            f"what is still missing in {folder} when they are done"
        ) from error
    for result in results:
        # By hand, for `return_value` also prints.
        if isinstance(result._return_value, Exception):
            escaped.append(result._return_value)
    return True


def _lost() -> tuple[type[BaseException], ...]:
    """Exceptions of those launchers that are loaded."""
    named = (getattr(sys.modules.get(module), name, None) for module, name in _LOST)
    return tuple(found for found in named if found is not None)


def _is_done(run: PlannedRun, folder: Path, since: float) -> bool:
    try:
        record = records.load(folder / run.folder)
    except RecordError:
        return False
    if record.identity != run.identity:
        return False
    # an older failure is what is being tried again
    return record.status != FAILED or _modified(folder / run.folder / records.RECORD_FILE) >= since


def _modified(path: Path) -> float:
    """Time of the last change, with a second for coarse clocks; 0 where there is no such file."""
    try:
        return path.stat().st_mtime + 1
    except OSError:
        return 0.0


def _record_killed(launcher: Any, run: PlannedRun, folder: Path) -> None:
    """The record that the run could not write itself."""
    from losslab.look.logbook import Logbook
    from losslab.tasks.kinds import kind_named

    cfg = launcher.hydra_context.config_loader.load_sweep_config(launcher.config, run.hydra_overrides(folder))
    lost = settings.read(cfg).model_copy(update={"folder": str(folder / run.folder)})
    kind = kind_named(lost.task.kind)
    record = Record(
        run.identity,
        run.arm_identity,
        run.task_identity,
        name=run.folder,
        seed=run.seed,
        choices=lost.choices,
        overrides=run.overrides,
        config=lost.plain(),
        status=FAILED,
        metric=kind.primary,
        higher_is_better=kind.higher_is_better,
        targets=[Target(float(value)) for value in lost.task.targets],
        error={"type": "WorkerKilled", "message": KILLED, "traceback": ""},
    )
    (folder / run.folder).mkdir(parents=True, exist_ok=True)
    records.save(record, Logbook.no_curves(), folder / run.folder)


@contextlib.contextmanager
def _one_thread_each(launcher: Any) -> Iterator[None]:
    """Worker processes that start within it compute with one thread, unless the environment says otherwise.

    More threads than cores wait for each other: far slower, not a little.
    """
    if runs_in_this_process(launcher):
        yield
        return
    added = [name for name in THREAD_VARIABLES if name not in os.environ]
    os.environ.update(dict.fromkeys(added, os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def runs_in_this_process(launcher: Any) -> bool:
    """Whether it is Hydra's own launcher, which runs one after the other, here."""
    return type(launcher).__name__ == "BasicLauncher"
