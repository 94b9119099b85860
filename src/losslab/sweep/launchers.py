"""Where the runs of a sweep run: one after the other here, in several processes, or through Hydra's launcher.

What happens when a process is killed is in `launch.py`.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from losslab.config.overrides import quoted
from losslab.errors import UserError, first_line
from losslab.sweep.plan import PlannedRun
from losslab.sweep.workers import work_through

# Makes one run of the sweep in a folder, prints nothing if the last argument is true, and returns an
# exception that need not stop the other runs. An exception that it raises ends the sweep.
Train = Callable[[PlannedRun, Path, bool], Exception | None]

# How launchers of clusters report a lost process while the others continue: module and name.
_LOST = (
    ("submitit.core.utils", "UncompletedJobError"),
    ("ray.exceptions", "WorkerCrashedError"),
    ("ray.exceptions", "OutOfMemoryError"),
)


class Launcher(Protocol):
    """Makes runs.

    Attributes:
        in_this_process: whether they run in this process; worker processes compute with one thread each.
    """

    @property
    def in_this_process(self) -> bool: ...

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        """Makes `runs` in the sweep's `folder`; returns the exceptions that escaped from them.

        Args:
            quiet: runs print nothing themselves.

        Raises concurrent.futures.BrokenExecutor if a worker process was killed, and any exception that ends
        the whole sweep.
        """
        ...


@dataclasses.dataclass(frozen=True)
class OneByOne:
    """In this process, one after the other."""

    train: Train
    in_this_process: ClassVar[bool] = True

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        results = [self.train(run, folder, quiet) for run in runs]
        return [result for result in results if result is not None]


@dataclasses.dataclass(frozen=True)
class SideBySide:
    """In `processes` worker processes of this machine, see `workers.py`."""

    train: Train
    processes: int
    in_this_process: ClassVar[bool] = False

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        work = functools.partial(_train, self.train, folder, quiet)
        return work_through(work, runs, self.processes)


def _train(train: Train, folder: Path, quiet: bool, run: PlannedRun) -> Exception | None:
    return train(run, folder, quiet)


@dataclasses.dataclass(frozen=True)
class ThroughHydra:
    """The launcher from the config group `hydra/launcher`; jobs return exceptions that escape from them.

    https://hydra.cc/docs/advanced/plugins/overview/#launcher
    """

    launcher: Any  # hydra.plugins.launcher.Launcher
    in_this_process: bool

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        jobs = [_overrides(run, folder, quiet) for run in runs]
        try:
            results = [job.return_value for job in self.launcher.launch(jobs, initial_job_idx=0)]
        except _lost() as error:
            raise UserError(
                f"a job was lost ({first_line(error)}); runs that were started continue; when they are "
                f"done, the same command runs what is missing in {folder}"
            ) from error
        return [result for result in results if isinstance(result, Exception)]


def _overrides(run: PlannedRun, folder: Path, quiet: bool) -> list[str]:
    return [
        *run.overrides,
        *(["quiet=true"] if quiet else []),
        f"hydra.sweep.dir={quoted(folder)}",
        f"hydra.sweep.subdir={quoted(run.folder)}",
    ]


def _lost() -> tuple[type[BaseException], ...]:
    """The exceptions of the launchers that are loaded."""
    named = (getattr(sys.modules.get(module), name, None) for module, name in _LOST)
    return tuple(found for found in named if found is not None)


def free_earlier_runs() -> None:
    """Frees the memory of earlier runs; call it before each run of a process.

    Lightning's trainer and learner refer to each other, so only the garbage collector frees them. Objects
    from before the first run are set aside, so that a collection takes 20 ms instead of 300.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
        atexit.register(gc.unfreeze)  # otherwise libraries complain at exit about live objects
    gc.collect()
