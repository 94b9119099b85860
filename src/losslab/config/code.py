"""Code as part of a run's identity: an edited loss is a different loss, the user's or losslab's.

The modules that a config's `_target_`s and other dotted paths name count, and what they import: the user's
own modules, and losslab's losses, models and tasks. Installed packages do not count, since the record has
their versions. Neither does losslab's training loop, which `records.SCHEMA_VERSION` stands for. Comments,
docstrings and layout may change. Nothing is imported here, and no code runs.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

PACKAGE = "losslab"
_HOME = Path(__file__).parents[1]  # of losslab's modules
_OF_A_RUN = ("losslab.losses", "losslab.models", "losslab.tasks")
LONGEST_NAME = 255  # of a file
_INSTALLED = {"site-packages", "dist-packages"}

Follows = Callable[[str], bool]  # whether an import of this losslab module counts


def of_config(config: Any) -> dict[str, str]:
    """The code that a config's dotted paths name: {losslab module, or top-level module: hash}."""
    found = {name: of_module(name) for name in sorted({_module_of(target) for target in _targets(config)})}
    return {name: content for name, content in found.items() if content is not None}


@functools.cache
def of_module(name: str) -> str | None:
    """SHA-256 of a losslab module, or of a user's module or package, and of what it imports.

    The first result is kept for the whole process, because the process has imported that code. None if the
    module is installed or cannot be found.
    """
    return _hash(_with_imports(_files(name), lambda module: module.startswith(_OF_A_RUN)))


def is_users(target: str) -> bool:
    """Whether a dotted path leads to the user's own code."""
    top = target.partition(".")[0]
    return top != PACKAGE and of_module(top) is not None


def of_file(file: Path) -> str:
    """SHA-256 of a Python file, what it imports from its own folder, and what these import from losslab."""
    return _hash(_with_imports([file], lambda module: True)) or ""


def _targets(value: Any) -> Iterator[str]:
    """Every text in it that may be a dotted path: a `_target_`, the kind of a task, an argument."""
    if isinstance(value, str):
        if "." in value and all(part.isidentifier() for part in value.split(".")):
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _targets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _targets(item)


def _module_of(target: str) -> str:
    """The losslab module that holds it, or the user's top-level module."""
    top = target.partition(".")[0]
    if top != PACKAGE:
        return top
    while target != PACKAGE and _own_module(target) is None:
        target = target.rpartition(".")[0]
    return target


def _own_module(name: str) -> Path | None:
    """The file of a losslab module or package; None if there is none."""
    parts = name.split(".")[1:]
    if not all(part.isidentifier() for part in parts):
        return None
    path = _HOME.joinpath(*parts)
    return next((file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()), None)


def _files(name: str) -> list[Path]:
    """The files of a module that `_module_of` named."""
    top = name.partition(".")[0]
    if top == PACKAGE:
        file = _own_module(name)
        return [file] if file is not None and name.startswith(_OF_A_RUN) else []
    if not top or top in sys.stdlib_module_names:
        return []
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        folders = [Path(folder) for folder in spec.submodule_search_locations]
        return [file for folder in folders if _is_own(folder) for file in folder.rglob("*.py")]
    origin = Path(spec.origin or "")
    return [origin] if origin.suffix == ".py" and _is_own(origin) else []


def _is_own(path: Path) -> bool:
    return not _INSTALLED & set(path.parts)


def _with_imports(files: Iterable[Path], follows: Follows) -> list[Path]:
    """`files` and what they import, directly or not, from their own folder and from losslab."""
    found: dict[Path, None] = {}
    waiting = list(files)
    while waiting:
        if (current := waiting.pop()) not in found:
            found[current] = None
            waiting += _imported_files(current, follows)
    return list(found)


def _imported_files(file: Path, follows: Follows) -> Iterator[Path]:
    for name in _imported(file):
        if name.endswith(".py"):
            yield file.parent / name
            continue
        top = name.partition(".")[0]
        if top == PACKAGE:
            module = _own_module(name)
            if module is not None and follows(name):
                yield module
        elif top not in sys.stdlib_module_names:
            beside = file.parent / top
            if beside.with_suffix(".py").is_file():
                yield beside.with_suffix(".py")
            elif (beside / "__init__.py").is_file():
                yield from beside.rglob("*.py")
            elif (within := file.parent.joinpath(*name.split(".")).with_suffix(".py")).is_file():
                yield within  # in a folder without __init__.py


def _imported(file: Path) -> set[str]:
    """Names in a file's imports that may be modules, and .py files beside it that it names.

    None if the file is not Python.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and _is_import(node.func):
            names |= {text.lstrip(".") for each in node.args[:1] if (text := _text(each))}
        elif (text := _text(node)) and _names_file(text, file.parent):
            names.add(text)
    return names


def _is_import(function: ast.expr) -> bool:
    """`importlib.import_module`, `import_module` or `__import__`."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in ("import_module", "__import__")


def _text(node: ast.AST) -> str:
    """The text of a literal; empty if the node is anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _names_file(text: str, folder: Path) -> bool:
    return (
        text.endswith(".py") and len(text) < LONGEST_NAME and "\0" not in text and (folder / text).is_file()
    )


def _hash(files: Iterable[Path]) -> str | None:
    """None if there are no files, or if one cannot be read: the code that imports it reports the error."""
    try:
        contents = sorted((file.name, _content(file)) for file in files)
    except OSError:
        return None
    if not contents:
        return None
    digest = hashlib.sha256(repr(contents).encode())
    return f"sha256:{digest.hexdigest()[:32]}"


def _content(file: Path) -> str:
    """A file's code as text, the same in every version of Python; its bytes if it is not Python."""
    content = file.read_bytes()
    try:
        return repr(_plain(ast.parse(content)))
    except (SyntaxError, ValueError, RecursionError):
        return repr(content)


def _plain(node: Any) -> Any:
    """The syntax tree without docstrings, other strings that stand alone, and empty fields.

    `ast.dump` differs between Python's versions, which add fields that are mostly empty.
    """
    if isinstance(node, ast.AST):
        fields = ((name, _plain(value)) for name, value in ast.iter_fields(node))
        return [type(node).__name__, *(field for field in fields if field[1] not in ([], "None"))]
    if isinstance(node, list):
        return [_plain(item) for item in node if not _is_docstring(item)]
    return repr(node)


def _is_docstring(node: Any) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
