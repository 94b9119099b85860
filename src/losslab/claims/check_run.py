"""Runs the check of a claim, once: `check.json` keeps its result while nothing changed."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import inspect
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from hydra.utils import get_method

from losslab.errors import UserError, first_line
from losslab.records import write_atomically

CHECK_FILE = "check.json"


def load_function(check: str, file: Path) -> Callable[[bool], Any]:
    """The function of a claim's `check:`.

    Args:
        check: a plain name is a function of the Python file beside the claim's, with the same stem; anything
            else is a dotted path.
        file: the claim's YAML file.

    Raises UserError that names the file where there is no such function.
    """
    try:
        if check.isidentifier():
            return getattr(_module_beside(file), check)
        return get_method(check)
    except Exception as error:  # whatever importing a person's module raises
        raise UserError(f"{file}: claim.check={check} cannot be imported: {first_line(error)}") from None


def _module_beside(file: Path) -> ModuleType:
    """The Python file with the stem of the YAML file, imported once."""
    source = file.with_suffix(".py").resolve()
    name = f"losslab_check_{hashlib.sha256(str(source).encode()).hexdigest()[:8]}_{source.stem}"
    if name in sys.modules:
        return sys.modules[name]
    if not source.is_file():
        raise FileNotFoundError(f"there is no {source}")
    spec = importlib.util.spec_from_file_location(name, source)
    assert spec is not None and spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def run_check(check: str, file: Path, quick: bool, folder: Path) -> dict[str, Any]:
    """{"quantities", "tables", "notes", "seconds"}: from `folder`, or measured now.

    It is measured again when its code, torch, or quick changed.
    """
    function = load_function(check, file)
    made_by = {"check": check, "quick": quick, "torch": torch.__version__, "code": _code_hash(function)}
    kept_in = folder / CHECK_FILE
    try:
        kept = json.loads(kept_in.read_text(encoding="utf-8"))
        if kept["made_by"] == made_by:
            return dict(kept["result"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # there is none, or no readable one
    started = time.process_time()
    result = _plain(dataclasses.asdict(function(quick)))
    result["seconds"] = time.process_time() - started
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(kept_in, json.dumps({"made_by": made_by, "result": result}, indent=1) + "\n")
    return dict(result)


def _code_hash(function: Callable[..., Any]) -> str:
    """Of all Python files beside the function's: checks share helpers."""
    file = inspect.getsourcefile(function)
    if file is None:
        return ""
    digest = hashlib.sha256()
    for path in sorted(Path(file).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _plain(value: Any) -> Any:
    """Strict JSON: infinities and NaN as words."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
