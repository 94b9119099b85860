"""Runs the check of a claim, once: `check.json` keeps its result while nothing changed."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hydra.utils import get_method

from losslab.errors import UserError
from losslab.records import write_atomically

CHECK_FILE = "check.json"


def load_function(path: str, where: str) -> Callable[[bool], Any]:
    """The function of a claim's `check:`. Raises UserError that names the file where there is none."""
    try:
        return get_method(path)
    except Exception as error:  # whatever importing a person's module raises
        raise UserError(
            f"{where}: claim.check={path} cannot be imported: {str(error).splitlines()[0]}"
        ) from None


def run_check(path: str, where: str, quick: bool, folder: Path) -> dict[str, Any]:
    """{"quantities", "tables", "notes", "seconds"}: from `folder`, or measured now.

    It is measured again when its code, torch, or quick changed.
    """
    function = load_function(path, where)
    made_by = {"check": path, "quick": quick, "torch": torch.__version__, "code": _code_hash(function)}
    file = folder / CHECK_FILE
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["made_by"] == made_by:
            return dict(kept["result"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # there is none, or no readable one
    started = time.process_time()
    result = _plain(dataclasses.asdict(function(quick)))
    result["seconds"] = time.process_time() - started
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps({"made_by": made_by, "result": result}, indent=1) + "\n")
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
