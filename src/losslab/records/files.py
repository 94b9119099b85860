"""Files that are written whole or not at all, and what an interrupted process left of them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

UNFINISHED = ".unfinished"  # how the names of temporary files end


def write_atomically(path: Path, content: str | bytes | Callable[[IO[bytes]], None]) -> None:
    """Write `content` to `path` whole or not at all: temporary file beside it, flush, rename.

    The folder is flushed too, so that after a power failure no later file is there without an earlier one.

    Args:
        content: what the file shall hold, or a function that writes it to an open file.
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
    """Makes renames in `folder` durable, where the system lets one open a folder (POSIX)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Temporary files of a process that was killed while it wrote. Only for who has `folder` to itself."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)
