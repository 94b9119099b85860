"""How single values of a config may be written.

Hydra leaves `no`, `off`, `yes` and `on` as text, and reads `100.0` as a float and `nan` as a number. For
Python any text is true, and true is 1. Here each value is read as what it means, or refused.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import pydantic
from pydantic_core import PydanticCustomError
from typing_extensions import Self

Number = int | float
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_EXACT = 2.0**53  # beyond it a whole float may differ from the number that was written


def wrong(advice: str, argument: str = "") -> PydanticCustomError:
    """The error of a value, or of one argument of it. `advice` says what to do: "give true or false"."""
    return PydanticCustomError("wrong", "{advice}", {"advice": advice, "argument": argument})


def said(advice: str) -> pydantic.WrapValidator:
    """Any error inside a value gives one sentence about the whole value."""

    def validate(value: Any, handler: Callable[[Any], Any]) -> Any:
        try:
            return handler(value)
        except pydantic.ValidationError:
            raise wrong(advice) from None

    return pydantic.WrapValidator(validate)


def whole(
    advice: str, *, from_: int, below: int | None = None, or_null: bool = False, or_: str | None = None
) -> pydantic.BeforeValidator:
    """A whole number, at least `from_`, or the word `or_`; accepts 100.0, but not true or other text."""

    def validate(value: Any) -> int | str | None:
        if (value is None and or_null) or (or_ is not None and value == or_):
            return value
        if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(_unquoted(value, advice))
        if value < from_ or (below is not None and value >= below):
            raise wrong(advice)
        return value

    return pydantic.BeforeValidator(validate)


def number(
    advice: str, fits: Callable[[Number], bool] = lambda value: True, *, or_null: bool = False
) -> pydantic.BeforeValidator:
    """A finite number for which `fits` is true. An int stays an int, so that it is hashed as written."""

    def validate(value: Any) -> Number | None:
        if value is None and or_null:
            return None
        if not is_number(value):
            raise wrong(_unquoted(value, advice))
        if not fits(value):
            raise wrong(advice)
        return value

    return pydantic.BeforeValidator(validate)


def is_number(value: Any) -> bool:
    """Whether it is an int or a finite float, and not true or false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _unquoted(value: Any, advice: str) -> str:
    """The advice, extended for a number in quotes, which looks right."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return advice
        return f"{advice}, without quotes"
    return advice


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in WORDS:
        return WORDS[value.lower()]
    raise wrong("give true or false")


Flag = Annotated[bool, pydantic.BeforeValidator(_flag)]
Count = Annotated[int, whole("give a whole number from 1", from_=1)]
AUTO: Literal["auto"] = "auto"
CountOrAuto = Annotated[
    int | Literal["auto"], whole("give a whole number from 1, or auto", from_=1, or_=AUTO)
]
CountFromZero = Annotated[int, whole("give a whole number from 0", from_=0)]
Seed = Annotated[
    int, whole("give a whole number from 0 to 4294967295, which is 2^32 - 1", from_=0, below=2**32)
]
PositiveOrNull = Annotated[
    Number | None, number("give a number above 0, or null", lambda value: value > 0, or_null=True)
]
Standardise = Literal["standardise"]


class Section(pydantic.BaseModel):
    """A part of a config with its own keys; refuses an unknown key and suggests the nearest one."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and cls.model_config.get("extra") == "forbid":
            known = [name for name, field in cls.model_fields.items() if not field.exclude]
            for key in data:
                if key not in cls.model_fields:
                    near = difflib.get_close_matches(str(key), known, n=1)
                    raise PydanticCustomError(
                        "unknown_key", "unknown", {"key": str(key), "near": near[0] if near else ""}
                    )
        return data

    def plain(self) -> dict[str, Any]:
        """The keys that were given, with their values, as plain data, as recorded and hashed."""
        return self.model_dump(exclude_unset=True)


class Target(pydantic.BaseModel):
    """A class or function by its dotted path, `_target_` in a config, and its arguments.

    Hydra's own keys among the arguments (`_partial_`, `_args_`, …) keep their meaning:
    https://hydra.cc/docs/advanced/instantiate_objects/overview/
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)
    target: Annotated[str, said("give the dotted path of a class or function")] = pydantic.Field(
        alias="_target_"
    )
    arguments: dict[str, Any]

    @classmethod
    def of(cls, target: str, **arguments: Any) -> Target:
        """As if `{_target_: target, **arguments}` stood in a config."""
        return cls.model_validate({"_target_": target, **arguments})

    @pydantic.model_validator(mode="before")
    @classmethod
    def _apart(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        arguments = {key: value for key, value in data.items() if key != "_target_"}
        given = {"_target_": data["_target_"]} if "_target_" in data else {}
        return {**given, "arguments": arguments}

    def plain(self) -> dict[str, Any]:
        """As plain data that Hydra can instantiate."""
        return {"_target_": self.target, **self.arguments}

    @pydantic.model_serializer
    def _serialised(self) -> dict[str, Any]:
        return self.plain()

    def with_arguments(self, **arguments: Any) -> Target:
        """The same target with some arguments replaced or added."""
        return self.model_copy(update={"arguments": {**self.arguments, **arguments}})

    def without(self, argument: str) -> Self:
        """The same target without one of its arguments."""
        arguments = {key: value for key, value in self.arguments.items() if key != argument}
        return self.model_copy(update={"arguments": arguments})


# Tags of unions, which pydantic adds to an error's path; no config has such keys.
ONE, SEVERAL = "losslab: one", "losslab: several"


def has(key: str) -> pydantic.Discriminator:
    """Chooses between two forms of a section by whether it has this key."""

    def chosen(data: Any) -> str:
        found = key in data if isinstance(data, Mapping) else hasattr(data, key)
        return SEVERAL if found else ONE

    return pydantic.Discriminator(chosen)
