"""Runs the check of a claim once; `check.json` keeps the result as long as nothing changes."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pydantic
from hydra.utils import get_method

from losslab.claims.check_result import CheckResult
from losslab.config import code
from losslab.errors import UserError, first_line
from losslab.records import stored
from losslab.records.stored import Number, Stored, Unreadable

CHECK_FILE = "check.json"
CHECK_SCHEMA_VERSION = 2  # since 2, NaN and infinity are the words of `losslab.records.stored`


class MadeBy(Stored):
    """What a result depends on; if it is equal, so is the result."""

    check: str
    quick: bool
    torch: str
    code: str


class Measured(Stored):
    """`check.json`. `seconds` is processor time."""

    made_by: MadeBy
    result: CheckResult
    seconds: Number
    schema_version: int = CHECK_SCHEMA_VERSION


def load_function(check: str, file: Path) -> Callable[[bool], Any]:
    """The function of a claim's `check:`.

    Args:
        check: a plain name is a function of the Python file beside the claim's, with the same stem; anything
            else is a dotted path.
        file: the claim's YAML file.

    Raises UserError that names the file if there is no such function.
    """
    try:
        if check.isidentifier():
            return getattr(_module_beside(file), check)
        return get_method(check)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # importing the user's module may raise anything, and call sys.exit()
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


def run_check(check: str, file: Path, quick: bool, folder: Path) -> Measured:
    """The check's result: from `folder`, or measured now.

    It is measured again if torch, `quick` or its code changed: its own file, what that imports from its own
    folder, and what all of these import from losslab.

    Raises UserError if the function raises, or does not return a valid CheckResult.
    """
    import torch  # here, so that a claim which is refused earlier is refused at once

    function = load_function(check, file)
    source = inspect.getsourcefile(function)
    made_by = MadeBy(
        check=check,
        quick=quick,
        torch=str(torch.__version__),
        code=code.of_file(Path(source)) if source else "",
    )
    kept_in = folder / CHECK_FILE
    with contextlib.suppress(Unreadable):  # there is none, or an older one
        kept = stored.load(Measured, kept_in, "result of a check", CHECK_SCHEMA_VERSION)
        if kept.made_by == made_by:
            return kept
    started = _processor_seconds()
    try:
        result = function(quick)
    except (UserError, KeyboardInterrupt):
        raise
    except BaseException as error:  # the user's function may raise anything, and call sys.exit()
        if os.environ.get("LOSSLAB_DEBUG"):
            raise
        reason = f"{type(error).__name__}: {first_line(error)}"
        raise UserError(
            f"{file}: claim.check={check} failed with {reason}; LOSSLAB_DEBUG=1 shows where"
        ) from error
    seconds = _processor_seconds() - started
    if not isinstance(result, CheckResult):
        given = type(result).__name__
        raise UserError(f"{file}: claim.check={check} returns {given}, it should be a CheckResult")
    try:
        measured = Measured(made_by=made_by, result=result, seconds=seconds)
    except pydantic.ValidationError as error:
        raise UserError(f"{file}: claim.check={check}: its {stored.in_words(error)}") from None
    folder.mkdir(parents=True, exist_ok=True)
    stored.save(measured, kept_in)
    return measured


def _processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])
