"""The message about a wrong value: one sentence with its key, the value, and what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pydantic

from losslab.errors import UserError

Model = TypeVar("Model", bound=pydantic.BaseModel)
Key = str | int
_LONGEST = 100  # characters of a value in a sentence

_A_SECTION = "it is a section with keys of its own, see losslab --cfg job"
# pydantic's error types, https://docs.pydantic.dev/latest/errors/validation_errors/
_ADVICE = {
    "model_type": _A_SECTION,
    "dict_type": "give a mapping of names to values",
    "list_type": "give a list",
    "string_type": "give text",
    "too_short": "give at least {min_length}",
}
_WANTED = {
    "loss.loss": "give the _target_ of a class or function, and its arguments",
    "loss.targets": "say in which form the loss takes its targets, e.g. one_hot or class_index",
    "loss.output_activation": "say what raw outputs pass through first, e.g. identity, sigmoid or softmax",
}


def validated(
    model: type[Model], data: Any, where: str = "", choices: Mapping[str, str] | None = None
) -> Model:
    """`data` as a `model`. Raises UserError with one sentence about the first error.

    Args:
        where: dotted key of `data` in the whole config; empty for the whole config.
        choices: config group -> chosen name, for the sentence.
    """
    for path, value in _numbers(data):
        if not math.isfinite(value):
            raise UserError(f"{_dotted(where, path, data)}={value} is wrong: give a finite number")
    try:
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
    raise UserError(_sentence(first, data, where, choices or {}))


def _numbers(value: Any) -> Iterator[tuple[list[Key], float]]:
    """Every float anywhere in `value`, with its path."""
    if isinstance(value, float):
        yield [], value
    elif isinstance(value, Mapping | list):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            for path, found in _numbers(item):
                yield [key, *path], found


def _sentence(error: Any, data: Any, where: str, choices: Mapping[str, str]) -> str:
    context = error.get("ctx", {})
    key = _dotted(where, error["loc"], data)
    if error["type"] == "missing":
        return _missing(key, choices)
    if error["type"] == "unknown_key":
        below = f"{key}." if key else ""
        near = f" (did you mean {below}{context['near']}?)" if context["near"] else ""
        return f"{below}{context['key']} is not a key of this config: see losslab --cfg job{near}"
    value = error["input"]
    if argument := context.get("argument"):
        key, value = f"{key}.{argument}", value[argument]
    advice = context.get("advice") or _advice(error["type"], context, error["msg"])
    return f"{key}={_as_written(value)} is wrong: {advice}"


def _advice(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "literal_error":
        return f"choose one of {str(context['expected']).replace(chr(39), '')}"
    if kind in _ADVICE:
        return _ADVICE[kind].format(**context)
    return message[0].lower() + message[1:]


def _missing(key: str, choices: Mapping[str, str]) -> str:
    section, _, name = key.rpartition(".")
    if name == "_target_":
        named = f"{section}={choices[section]}" if section in choices else section
        return f"{named} has no _target_: give the dotted path of a class or function"
    return f"{key} is missing from this config: {_WANTED.get(key, 'see losslab --cfg job for a whole one')}"


def _dotted(where: str, path: Sequence[Key], data: Any) -> str:
    """The path as it is written in a sentence, e.g. loss.terms[0].weight.

    Parts of the path that `data` does not have are pydantic's own names, except a missing key at the end.
    """
    text = where
    for place, part in enumerate(path):
        if isinstance(data, list) and isinstance(part, int) and part < len(data):
            text, data = f"{text}[{part}]", data[part]
        elif (isinstance(data, Mapping) and part in data) or (
            place == len(path) - 1 and isinstance(part, str) and part.isidentifier()
        ):
            text = f"{text}.{part}" if text else str(part)
            data = data.get(part) if isinstance(data, Mapping) else None
    return text


def _as_written(value: Any) -> str:
    """As in a config: null, true; text in quotes only if it looks like something else."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        text = repr(value) if value.replace(".", "", 1).lstrip("+-").isdigit() or not value else value
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
