"""Errors in losslab itself while it observed a training. Never a finding about the training."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

from losslab.errors import first_line


class InternalErrors:
    """Collects them for the record.

    Attributes:
        found: {"what", "type", "message", "traceback"} each; the same error is entered once.
    """

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []

    def note(self, what: str, error: Exception) -> None:
        """Records that `what` stopped with `error`."""
        entry = {"what": what, "type": type(error).__name__, "message": first_line(error)}
        if all(entry.items() - known.items() for known in self.found):
            self.found.append({**entry, "traceback": "".join(traceback.format_exception(error))})

    @contextlib.contextmanager
    def contained(self, what: str) -> Iterator[None]:
        """Records an exception raised inside it, and suppresses it."""
        try:
            yield
        except Exception as error:
            self.note(what, error)


def sentence(error: dict[str, str]) -> str:
    """An entry of `found` in words."""
    return f"{error['what']} stopped with {error['type']}: {error['message']}; the result stands"
