"""What is only for looking (diagnostics, pictures, TensorBoard) must not cost a run its result.

Whatever fails in it is noted as a finding, and the training goes on without it.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
from tensorboard.summary.writer.event_file_writer import _AsyncWriterThread

from losslab.errors import first_line
from losslab.look.diagnostics.base import Diagnostic
from losslab.records import RecordedFinding

RULE = "looking_failed"
_HOOKS = [name for name in dir(pl.Callback) if name.startswith("on_")] + [
    *("setup", "teardown", "is_due", "before_forward", "after_backward", "after_step")
]


class Mishaps:
    """What went wrong in looking, as findings for the record: `found`."""

    def __init__(self) -> None:
        self.found: list[RecordedFinding] = []

    def note(self, what: str, error: Exception) -> None:
        """`what` stopped with `error`; one finding a place, however often it fails."""
        text = f"{what} stopped with {type(error).__name__}: {first_line(error)}; the run went on without it"
        if all(finding["text"] != text for finding in self.found):
            self.found.append(
                {
                    "rule": RULE,
                    "severity": "bug",
                    "text": text,
                    "numbers": {},
                    "source": "".join(traceback.format_exception(error)),
                }
            )

    @contextlib.contextmanager
    def contained(self, what: str) -> Iterator[None]:
        """Within it an exception is noted and goes no further."""
        try:
            yield
        except Exception as error:
            self.note(what, error)


def guarded(callback: pl.Callback, mishaps: Mishaps) -> pl.Callback:
    """`callback`, whose first exception is its last: noted, and from then on it does nothing.

    The network is left in the mode, training or evaluation, in which the callback found it.
    """
    what = f"{type(callback).__name__}"
    failed = False

    def contain(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal failed
            if failed:
                return None
            networks = [part.network for part in arguments if isinstance(part, pl.LightningModule)]
            modes = [network.training for network in networks]  # type: ignore[union-attr]
            try:
                return function(*arguments, **options)
            except Exception as error:
                failed = True
                mishaps.note(what, error)
                for network, mode in zip(networks, modes, strict=True):
                    network.train(mode)  # type: ignore[union-attr]
                return None

        return call

    for name in _HOOKS:
        base = getattr(Diagnostic, name, None)
        own = hasattr(callback, name) and getattr(type(callback), name) is not base
        if own or (name == "is_due" and isinstance(callback, Diagnostic)):
            setattr(callback, name, contain(getattr(callback, name)))
    if isinstance(callback, Diagnostic):
        callback.hook = contain  # type: ignore[method-assign]
    return callback


class Writer:
    """TensorBoard's SummaryWriter, which a full disk silences instead of ending the run.

    Other exceptions are its caller's: they say that what was to be written was wrong.
    """

    def __init__(self, writer: Any, mishaps: Mishaps) -> None:
        self._writer = writer
        self._mishaps = mishaps
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
                self._mishaps.note("TensorBoard", error)
                return None

        return call


@contextlib.contextmanager
def quiet_writer_threads() -> Iterator[None]:
    """Without the traceback of TensorBoard's writing thread: its error is raised again where it is noted."""
    original = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not isinstance(arguments.thread, _AsyncWriterThread):
            original(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = original
