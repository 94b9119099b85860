"""A run's TensorBoard file: opened, written and closed. What is written there is in `tensorboard.py`."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from losslab.look.internal_errors import InternalErrors

EVENTS_SUFFIX = ".losslab"  # suffix of losslab's own event files


class RunLogger(TensorBoardLogger):
    """Lightning's logger with one event file per run, open from the first step to the last result.

    Of several processes only the first one opens, writes or removes files.
    """

    def __init__(self, folder: Path, steps_done: int = 0) -> None:
        """Keeps the events of an interrupted start up to `steps_done`."""
        options: dict[str, Any] = {"filename_suffix": EVENTS_SUFFIX}
        if steps_done:
            options["purge_step"] = steps_done + 1
        else:
            _remove_events(folder)
        super().__init__(folder, name="", version="", default_hp_metric=False, **options)

    def finalize(self, status: str) -> None:
        """Called by Lightning after fit and again after test; only flushes."""
        with contextlib.suppress(OSError):  # a full disk must not end training; close() meets the error again
            self.experiment.flush()

    def save(self) -> None:
        """No hparams.yaml: record.json holds the config."""

    def close(self) -> None:
        self.experiment.close()


@rank_zero_only
def _remove_events(folder: Path) -> None:
    for events in folder.glob(f"events.out.tfevents.*{EVENTS_SUFFIX}"):
        events.unlink()


class Writer:
    """TensorBoard's SummaryWriter; on a full disk it stops writing instead of ending the run.

    Other exceptions reach the caller: they mean that the value to be written was wrong.
    """

    def __init__(self, writer: Any, errors: InternalErrors) -> None:
        self._writer = writer
        self._errors = errors
        self._silent = False

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._writer, name)
        if not callable(function):
            return function

        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            if self._silent:
                return None
            try:
                return function(*arguments, **options)
            except OSError as error:
                self._silent = True
                self._errors.note("TensorBoard", error)
                return None

        return call
