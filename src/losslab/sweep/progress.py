"""The line that shows how far a sweep is. It reads the records, so it serves every launcher."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from losslab import records
from losslab.sweep.plan import PlannedRun
from losslab.train.summary import print_run

SECONDS_BETWEEN_LOOKS = 0.5


@dataclasses.dataclass
class Overall:
    """Several sweeps one after the other, counted as one: what `losslab-reproduce` shows.

    Attributes:
        total: runs of all sweeps; expected: those that seemed to have a record at the start; present: those
            that had one when their sweep began; done: those made since.
    """

    total: int
    expected: int = 0
    present: int = 0
    done: int = 0
    failed: int = 0
    started: float = dataclasses.field(default_factory=time.monotonic)

    def text(self, running: int) -> str:
        ended = min(max(self.present, self.expected) + self.done, self.total)
        left = _left(self.started, self.done, self.total - ended)
        return f"{ended} of {self.total} runs, {running} running, {self.failed} failed{left}"


def _left(started: float, done: int, remaining: int) -> str:
    if not done or not remaining:
        return ""
    seconds = int((time.monotonic() - started) / done * remaining)
    return f", {seconds // 60}:{seconds % 60:02} left"


class SweepProgress:
    """How many of `runs` are done, running and failed, read from their folders."""

    def __init__(
        self, runs: Sequence[PlannedRun], folder: Path, out: Console, overall: Overall | None = None
    ) -> None:
        self.folder = folder
        self.out = out
        self.overall = overall
        self.pending = {run.folder: run.identity for run in runs}
        self.total, self.done, self.failed, self.running = len(runs), 0, 0, 0
        self.started = time.monotonic()
        self._began = time.time()

    def look(self) -> None:
        """Prints the runs that ended since the last call, and counts."""
        running = 0
        for name, identity in list(self.pending.items()):
            run_folder = self.folder / name
            with contextlib.suppress(OSError, records.RecordError):
                running += run_folder.stat().st_mtime >= self._began - 1
                record = records.load(run_folder)
                if record.identity != identity or _written(run_folder) < self._began - 1:
                    continue  # of another config, or a failure that is being repeated
                running -= 1
                del self.pending[name]
                self.done += 1
                self.failed += record.status == records.FAILED
                if self.overall is None:
                    print_run(self.out, record, run_folder, brief=True)
                else:
                    self.overall.done += 1
                    self.overall.failed += record.status == records.FAILED
        self.running = running

    def text(self) -> str:
        """ "3 of 12 runs, 2 running, 0 failed, 1:20 left"."""
        if self.overall is not None:
            return f"{self.folder.parent.name}, {self.folder.name}; in all {self.overall.text(self.running)}"
        left = _left(self.started, self.done, self.total - self.done)
        return f"{self.done} of {self.total} runs, {self.running} running, {self.failed} failed{left}"


def _written(folder: Path) -> float:
    return (folder / records.RECORD_FILE).stat().st_mtime


@contextlib.contextmanager
def shown(
    runs: Sequence[PlannedRun], folder: Path, out: Console, overall: Overall | None = None
) -> Iterator[bool]:
    """Shows the line, if `out` is a terminal. Yields whether runs print nothing themselves."""
    progress = SweepProgress(runs, folder, out, overall)
    if not out.is_terminal:
        yield overall is not None
        if overall is not None:  # a file cannot show a moving line, so one line per stage
            progress.look()
            out.print(progress.text(), highlight=False, markup=False)
        return
    stop = threading.Event()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), console=out, transient=True)
    line = bar.add_task(progress.text(), total=len(runs))

    def look() -> None:
        progress.look()
        bar.update(line, completed=progress.done, description=progress.text())

    def keep_looking() -> None:
        while not stop.wait(SECONDS_BETWEEN_LOOKS):
            look()

    thread = threading.Thread(target=keep_looking, daemon=True)
    with bar:
        thread.start()
        try:
            yield True
        finally:
            stop.set()
            thread.join()
            look()
