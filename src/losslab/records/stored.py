"""How losslab's JSON files are written and read: schema versions, numbers that JSON lacks, error sentences.

Strict JSON has no NaN and no infinity: they are the words "NaN", "Infinity" and "-Infinity". `null` means
that there is no such number. The models that derive from `Stored` say what each file holds.
"""

from __future__ import annotations

import math
from collections.abc import Container
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pydantic
from pydantic import BeforeValidator, Strict

from losslab.records.files import write_atomically

CONFIG = pydantic.ConfigDict(strict=True, validate_assignment=True, ser_json_inf_nan="strings")
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Stored(pydantic.BaseModel):
    """A part of a file. Types are exact: a number in quotes is not a number. Unknown keys are skipped."""

    model_config = CONFIG


class Unreadable(ValueError):
    """A file of losslab that cannot be read; the text is one sentence with its name and the reason."""


def _as_number(value: Any) -> Any:
    """Accepts numbers of numpy and torch; refuses true, false and other text than the three words."""
    if isinstance(value, str) and value in _WORDS:
        return _WORDS[value]
    if isinstance(value, str | bytes | bool):
        raise ValueError("it should be a number")
    return value


def _from_words(value: Any) -> Any:
    return _WORDS.get(value, value) if isinstance(value, str) else value


Number = Annotated[float, Strict(False), BeforeValidator(_as_number)]  # NaN and infinity included
Cell = Annotated[bool | int | float | str | None, BeforeValidator(_from_words)]  # a value in a table
Model = TypeVar("Model", bound=Stored)


class _Header(Stored):
    schema_version: int


def save(stored: Stored, path: Path) -> None:
    """Writes it completely or not at all."""
    write_atomically(path, stored.model_dump_json(indent=2) + "\n")


def load(model: type[Model], path: Path, what: str, version: int, older: Container[int] = ()) -> Model:
    """The content of `path`.

    Args:
        what: what the file holds, in words: "record".
        version: the schema version that is written; `older` ones can be read as well.

    Raises Unreadable for any error in the file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path} is not a readable {what}: {error.strerror}") from None
    try:
        found = _Header.model_validate_json(content).schema_version
    except pydantic.ValidationError as error:
        raise Unreadable(_sentence(error, path, what)) from None
    if found != version and found not in older:
        raise Unreadable(
            f"{path} has {what} schema {found}, this losslab reads {version}: make it again, or read it "
            "with the losslab that wrote it"
        )
    try:
        return model.model_validate_json(content)
    except pydantic.ValidationError as error:
        raise Unreadable(_sentence(error, path, what)) from None


def _sentence(error: pydantic.ValidationError, path: Path, what: str) -> str:
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        return f"{path} is not a readable {what}: {first['msg']}"
    if not first["loc"] or first["loc"] == ("schema_version",):
        return f"{path} is not a losslab {what}: it has no schema_version"
    return f"{path} is not a valid {what}: {in_words(error)}; it was not written by losslab, or was edited"


def in_words(error: pydantic.ValidationError) -> str:
    """The first error: "metrics.test.accuracy is wrong: it should be a number"."""
    first = error.errors(include_url=False)[0]
    message = str(first["msg"]).removeprefix("Value error, ")
    # pydantic's path through a union also names the type that was tried
    key = ".".join(
        str(part) for part in first["loc"] if not str(part).startswith(("function-", "list[", "nullable"))
    )
    wrong = "is missing" if first["type"] == "missing" else f"is wrong: {message[0].lower()}{message[1:]}"
    return f"{key} {wrong}"
