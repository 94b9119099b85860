"""The content of the user's own files as a short text: changed data make another task."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

BLOCK = 2**20


def of_path(path: Path) -> str | None:
    """SHA-256 of a file, or of all files below a folder with their names; None if nothing can be read.

    Names that start with a dot do not count. A result is kept for the rest of the process, as long as sizes
    and modification times stay the same.
    """
    try:
        if path.is_file():
            files = [path]
        elif path.is_dir():
            files = sorted(
                file for file in path.rglob("*") if _counts(file.relative_to(path)) and file.is_file()
            )
        else:
            return None
        names = [str(file.relative_to(path)) for file in files]
        stats = [file.stat() for file in files]
        states = tuple(
            (str(file), stat.st_size, stat.st_mtime_ns) for file, stat in zip(files, stats, strict=True)
        )
        return _of_files(tuple(names), states)
    except OSError:  # the code that loads the data reports the error
        return None


def _counts(relative: Path) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in relative.parts)


@functools.lru_cache(maxsize=32)
def _of_files(names: tuple[str, ...], states: Iterable[tuple[str, int, int]]) -> str:
    digest = hashlib.sha256()
    for name, (path, size, _) in zip(names, states, strict=True):
        digest.update(f"{name}\0{size}\0".encode())
        with Path(path).open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    return f"sha256:{digest.hexdigest()[:32]}"
