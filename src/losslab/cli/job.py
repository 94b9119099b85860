"""One run as the commands make it: alone or as one of a sweep, in this process or in a worker.

`main.py` calls it through Hydra, `reproduce.py` directly.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from losslab.cli import warnings_policy
from losslab.errors import RunsFailed, SweepStopped, UserError
from losslab.support import _torchmetrics
from losslab.support.terminal import console

if TYPE_CHECKING:
    from losslab.config.settings import RunSettings
    from losslab.records import Record
    from losslab.sweep.plan import PlannedRun
    from losslab.train.parts import Parts


def raise_lost_interrupts() -> None:
    """Raise a Ctrl-C again that comes while an object is destroyed, where Python only prints a traceback."""
    before = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            again = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGINT))
            again.start()  # within the hook it would be lost again
        else:
            before(lost)

    sys.unraisablehook = hook


class DiskUnusable(UserError):
    """A disk that is full or cannot be written: further runs would be trained in vain."""


def run_alone(settings: RunSettings, overrides: list[str], folder: Path, quiet: bool) -> str:
    """Makes the run in `folder`, prints it unless `quiet`, and returns its status.

    Raises UserError if it cannot be made, RunsFailed if it failed.
    """
    from losslab import records

    if (folder / records.RECORD_FILE).exists():
        raise UserError(f"folder={folder} holds a finished run already: choose another folder, or delete it")
    with _full_disk_as_sentence():
        record = _run(settings, overrides, folder, quiet, alone=True)
    if record.status == records.FAILED:
        raise RunsFailed(f"the run {_failure(record, folder)}")
    return record.status


def run_in_sweep(settings: RunSettings, overrides: list[str], folder: Path, quiet: bool) -> str | Exception:
    """Makes one run of a sweep in `folder`; returns its status, or an exception that stops no other run.

    Raises UserError if no other run makes sense: with fail_fast, or if the disk is full or the folder gone.
    """
    from losslab import records
    from losslab.sweep.launchers import free_earlier_runs
    from losslab.sweep.plan import check_locked

    check_locked(folder.parent)
    try:
        with _full_disk_as_sentence():
            free_earlier_runs()
            record = _run(settings, overrides, folder, quiet, alone=False)
    except DiskUnusable:
        raise
    except Exception as error:  # the sweep raises it when the other runs are done
        return error
    if record.status == records.FAILED and settings.fail_fast:
        raise SweepStopped(
            f"{folder.name} {_failure(record, folder)}. fail_fast=true ended the sweep there: what was "
            "finished is kept, retry_failed=true runs it again"
        )
    return record.status


def train_planned(run: PlannedRun, sweep: Path, quiet: bool) -> Exception | None:
    """`run_in_sweep` for a run that is composed already: the `Train` of `losslab.sweep.launchers`."""
    make_importable(Path.cwd())  # a worker process starts without it
    folder = run.place(sweep).absolute()
    assert run.settings is not None
    with warnings_policy.for_people():
        settings = run.settings.model_copy(update={"folder": str(folder)})
        result = run_in_sweep(settings, run.overrides, folder, quiet)
    return result if isinstance(result, Exception) else None


def preflight(settings: RunSettings) -> Parts:
    """Loads the data of a run, builds its parts and tries its loss. Raises UserError if one fails."""
    _torchmetrics.import_quickly()
    from losslab.train.parts import build  # here, so that a plan which is refused earlier is refused at once

    return build(settings, rehearse=True)


def preflight_for_workers(settings: RunSettings) -> Parts:
    """`preflight`, while the server that worker processes are forked from does its imports."""
    from losslab.sweep.workers import start_server

    start_server()
    return preflight(settings)


def make_importable(folder: Path) -> None:
    """Makes the user's own modules in the working folder importable, after everything installed."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


@contextlib.contextmanager
def no_empty_folder(folder: Path) -> Iterator[None]:
    """Removes `folder` again if a UserError has left it empty."""
    try:
        yield
    except UserError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise


@contextlib.contextmanager
def files_as_sentences() -> Iterator[None]:
    """Turns a command's file errors into UserError; LOSSLAB_DEBUG=1 prevents it."""
    try:
        with _full_disk_as_sentence():
            yield
    except OSError as error:
        if os.environ.get("LOSSLAB_DEBUG") or error.filename is None:
            raise
        raise UserError(
            f"{error.filename}: {error.strerror}; set folder=FOLDER to a place that can be written"
        ) from None


@contextlib.contextmanager
def _full_disk_as_sentence() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise DiskUnusable(
            f"{where}{error.strerror}: finished runs are kept; free some space and repeat the command "
            "with the same folder=FOLDER to continue, or set folder=FOLDER to a writable place"
        ) from None


def _run(settings: RunSettings, overrides: list[str], folder: Path, quiet: bool, alone: bool) -> Record:
    """`alone`: not one of a sweep, whose plan has tried the loss already."""
    from losslab.train.run import run
    from losslab.train.summary import print_run

    with no_empty_folder(folder):
        folder.mkdir(parents=True, exist_ok=True)
        record = run(settings, overrides, folder, None if quiet else console(), rehearse=alone)
    if not quiet:
        print_run(console(), record, folder, brief=not alone)
    return record


def _failure(record: Record, folder: Path) -> str:
    from losslab.records import RECORD_FILE

    assert record.error is not None
    first_line = record.error["message"].splitlines()[0] if record.error["message"] else ""
    return f"failed with {record.error['type']}: {first_line}; the traceback is in {folder / RECORD_FILE}"
