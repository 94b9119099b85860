"""Where the runs of a sweep run: one after the other here, in several processes, or through Hydra's launcher.

What happens when a process is killed is in `launch.py`.
"""

from __future__ import annotations

import atexit
import dataclasses
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from losslab.config.overrides import quoted
from losslab.errors import UserError, first_line
from losslab.sweep.plan import PlannedRun

# Makes one run of the sweep in a folder, prints nothing where the last argument is true, and returns an
# exception that the other runs need not care about. What it raises ends the sweep.
Train = Callable[[PlannedRun, Path, bool], Exception | None]

# How launchers of clusters say that a process is gone, while its siblings go on: module and name.
_LOST = (
    ("submitit.core.utils", "UncompletedJobError"),
    ("ray.exceptions", "WorkerCrashedError"),
    ("ray.exceptions", "OutOfMemoryError"),
)


class Launcher(Protocol):
    """Makes runs.

    Attributes:
        in_this_process: whether they run here; worker processes compute with one thread each.
    """

    @property
    def in_this_process(self) -> bool: ...

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        """Make `runs` in the sweep's `folder`; returns what escaped from them.

        Args:
            quiet: runs print nothing of their own.

        Raises concurrent.futures.BrokenExecutor where a worker process was killed, and whatever else ends the
        whole sweep.
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
    """In `processes` worker processes of this machine.

    By joblib itself, which Hydra's joblib launcher calls, too: the runs are composed already, and a launcher
    of Hydra's would need Hydra's private callbacks and compose each run again.
    https://joblib.readthedocs.io/en/stable/generated/joblib.Parallel.html
    """

    train: Train
    processes: int
    in_this_process: ClassVar[bool] = False

    def __call__(self, runs: Sequence[PlannedRun], folder: Path, quiet: bool) -> list[Exception]:
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=self.processes, backend="loky", batch_size=1)
        results = parallel(delayed(self.train)(run, folder, quiet) for run in runs)
        return [result for result in results if result is not None]


@dataclasses.dataclass(frozen=True)
class ThroughHydra:
    """Whatever the config group `hydra/launcher` chose; the jobs return what escapes from them.

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
                f"a job was lost ({first_line(error)}); those that were started go on, and the same command "
                f"runs what is still missing in {folder} when they are done"
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
    """Exceptions of those launchers that are loaded."""
    named = (getattr(sys.modules.get(module), name, None) for module, name in _LOST)
    return tuple(found for found in named if found is not None)


def free_earlier_runs() -> None:
    """Call it before each run of a process: what the runs before it held is given back.

    Lightning's trainer and learner refer to each other, so that only the garbage collector ends them. What is
    there before the first run, libraries above all, is set aside: then a search takes 20 ms, not 300.
    """
    if gc.get_freeze_count() == 0:
        gc.freeze()
        atexit.register(gc.unfreeze)  # else libraries complain at the end about objects that are still there
    gc.collect()
