"""Types of the values in a claim's file, with the short forms that they may be written in."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, AllowInfNan, BeforeValidator, Field


def _as_overrides(value: Any) -> Any:
    """`loss=mse optimizer=adam` is accepted in place of a list of the two."""
    if value is None:
        return []
    return value.split() if isinstance(value, str) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_choice(value: Any) -> Any:
    """A value of a grid: a number, a word, yes or no, null, or a list of such, which becomes a tuple."""
    if isinstance(value, list | tuple):
        return tuple(_as_choice(item) for item in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a value of a grid must be finite")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError("a value of a grid is a number, a word, true, false, null or a list of such")
    return value


Choice = Annotated[Any, AfterValidator(_as_choice)]
Grid = dict[str, Annotated[list[Choice], Field(min_length=1)]]
Finite = Annotated[float, AllowInfNan(False)]
Overrides = Annotated[list[str], BeforeValidator(_as_overrides)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Names = Annotated[list[str], BeforeValidator(_as_list)]
