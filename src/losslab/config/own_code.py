"""A person's own code as part of a run's identity: a loss that was edited is another loss.

Only files count that are neither Python's, nor installed, nor losslab's: those have versions, and the record
names them. Nothing is imported here, and no code runs.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_INSTALLED = {"site-packages", "dist-packages"}


def of_config(config: Any) -> dict[str, str]:
    """The content of the modules that `_target_`s of a config name: {top-level module: hash}."""
    found = {
        name: of_module(name) for name in sorted({target.partition(".")[0] for target in _targets(config)})
    }
    return {name: content for name, content in found.items() if content is not None}


@functools.cache
def of_module(name: str) -> str | None:
    """SHA-256 of a top-level module of one's own with what it imports from beside it, or of a package's code.

    What a process has seen first stays: it is also what the process has imported. None for what is installed
    or cannot be found.
    """
    files = sorted(set(_files(name)))
    if not files:
        return None
    digest = hashlib.sha256()
    try:
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.name}\0{len(content)}\0".encode())
            digest.update(content)
    except OSError:  # whoever imports it says what is wrong
        return None
    return f"sha256:{digest.hexdigest()[:32]}"


def _targets(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        target = value.get("_target_")
        if isinstance(target, str):
            yield target
        for item in value.values():
            yield from _targets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _targets(item)


def _files(name: str) -> list[Path]:
    if name == "losslab" or name in sys.stdlib_module_names:
        return []
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [
            file
            for folder in spec.submodule_search_locations
            if _is_own(Path(folder))
            for file in Path(folder).rglob("*.py")
        ]
    origin = Path(spec.origin or "")
    return _with_neighbours(origin) if origin.suffix == ".py" and _is_own(origin) else []


def _is_own(path: Path) -> bool:
    return not _INSTALLED & set(path.parts)


def _with_neighbours(file: Path) -> list[Path]:
    """`file` and what it imports, directly or not, from its own folder."""
    found: list[Path] = []
    waiting = [file]
    while waiting:
        if (current := waiting.pop()) in found:
            continue
        found.append(current)
        for name in _imported(current):
            if (module := file.parent / f"{name}.py").is_file():
                waiting.append(module)
            elif (file.parent / name / "__init__.py").is_file():
                found += (file.parent / name).rglob("*.py")
    return found


def _imported(file: Path) -> set[str]:
    """Top-level names of a file's import statements; none where it is not Python."""
    try:
        nodes = list(ast.walk(ast.parse(file.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}
