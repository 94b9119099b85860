"""Diagnostics, pictures and the progress bar must not cost a run its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from losslab.look.internal_errors import InternalErrors
from losslab.look.watcher import Steps, Training, Watcher


class Contained(Watcher):
    """Another watcher, stopped by its first exception, which is recorded; it is not called again.

    The network is left in the mode, training or evaluation, in which the watcher found it.
    """

    def __init__(self, watcher: Watcher, errors: InternalErrors) -> None:
        self._watcher = watcher
        self._errors = errors
        self._failed = False

    def _tell(self, event: Callable[..., Any], training: Training, *arguments: Any) -> Any:
        if self._failed:
            return None
        mode = training.network.training
        answer, error = None, None
        try:
            answer = event(training, *arguments)
        except Exception as raised:
            error = raised
        error = self._watcher.hook_error or error  # what failed first
        if error is not None:
            self._end(error)
            training.network.train(mode)
        return answer

    def _end(self, error: Exception) -> None:
        self._failed = True
        self._errors.note(type(self._watcher).__name__, error)
        self._watcher.hook_error = error.with_traceback(None)  # its frames would keep tensors alive

    def started(self, training: Training) -> None:
        self._tell(self._watcher.started, training)

    def due_steps(self, training: Training, steps: range) -> Iterable[int]:
        due = self._watcher.due_steps
        return self._tell(lambda training, steps: list(due(training, steps)), training, steps) or ()

    def before_forward(self, training: Training, step: int) -> None:
        self._tell(self._watcher.before_forward, training, step)

    def after_backward(self, training: Training, step: int) -> None:
        self._tell(self._watcher.after_backward, training, step)

    def after_step(self, training: Training, step: int) -> None:
        self._tell(self._watcher.after_step, training, step)

    def after_steps(self, training: Training, steps: Steps) -> None:
        self._tell(self._watcher.after_steps, training, steps)

    def between_steps(self, training: Training) -> None:
        self._tell(self._watcher.between_steps, training)

    def finished(self, training: Training) -> None:
        self._tell(self._watcher.finished, training)

    def test(self, training: Training, split: str) -> None:
        self._tell(self._watcher.test, training, split)

    def tested(self, training: Training) -> None:
        self._tell(self._watcher.tested, training)

    def closed(self, training: Training) -> None:
        self._tell(self._watcher.closed, training)

    def state_dict(self) -> dict[str, Any]:
        return {} if self._failed else self._watcher.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        try:
            self._watcher.load_state_dict(state)
        except Exception as error:
            self._end(error)
