"""Where all commands print to: the console, and output that cannot end a command.

A terminal that shows only ASCII, a closed pipe (`| head -1`), a closed descriptor (`>&-`) and a full disk
cost lines of output, never the runs or the comparison.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


NOTEBOOK_WIDTH = 115  # columns that a cell's output shows without wrapping


@functools.cache
def console() -> Console:
    """As wide as the terminal or COLUMNS says; in a log or in CI 160 columns.

    In a notebook, also for its `!` commands: plain text, without colour or moving lines.
    """
    from rich.console import Console

    forgive_output()
    found = Console()
    if found.is_jupyter or "JPY_PARENT_PID" in os.environ:  # Jupyter sets it for kernels
        return Console(width=NOTEBOOK_WIDTH, force_jupyter=False, force_terminal=False)
    return found if found.is_terminal or "COLUMNS" in os.environ else Console(width=160)


def forgive_output() -> None:
    """Lets this process go on if its output cannot be written; each command calls it first."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell; an open file would get its number, and what is printed
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  (for the whole process)
        elif isinstance(stream, io.TextIOWrapper) and stream is getattr(sys, f"__{name}__"):
            stream.reconfigure(errors="replace" if name == "stdout" else "backslashreplace")
            forgiving = _Forgiving(stream)
            setattr(sys, name, forgiving)
            atexit.register(forgiving.flush)


class _Forgiving:
    """A standard stream that writes to nowhere once it could not be written to."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            self._give_up(error)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: it was closed
            self._give_up(error)

    def _give_up(self, error: OSError | ValueError) -> None:
        """Sends the rest, also what is buffered, to nowhere; says why, unless the reader had enough."""
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
        if isinstance(error, OSError) and error.errno != errno.EPIPE and self._stream is sys.__stdout__:
            print(f"losslab: output is lost: {error.strerror}", file=sys.stderr)
