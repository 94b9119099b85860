"""Files that are written completely or not at all, and what an interrupted process leaves behind."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

UNFINISHED = ".unfinished"  # suffix of temporary files


def write_atomically(path: Path, content: str | bytes | Callable[[IO[bytes]], None]) -> None:
    """Writes `content` to `path` completely or not at all: temporary file beside it, flush, rename.

    The folder is flushed too, so that after a power failure no later file exists without an earlier one.

    Args:
        content: the content of the file, or a function that writes it to an open file.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # mkstemp makes it private; a shared folder must stay readable
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Makes renames in `folder` durable, on systems that can open a folder (POSIX)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Removes temporary files of a killed process. Call it only while no other process writes to `folder`."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
