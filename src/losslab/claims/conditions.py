"""The conditions of a claim: all combinations of the levels of its factors, and how they are named.

A factor is one thing that varies: the data set, the optimiser, a depth. No two factors have a level of the
same name, so that a level says which factor it belongs to. A condition's name is its levels in the order of
the factors, joined by "-"; a claim without factors has one condition, whose name is empty.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import pydantic
from pydantic import BeforeValidator, Field

from losslab.claims.keys import Grid, Overrides

WHOLE = ""  # the one condition of a claim that names none
_JOIN = "-"


class Condition(pydantic.BaseModel):
    """A level of a factor, or a combination of several.

    Attributes:
        overrides: Hydra overrides of all its runs.
        tune: its own grid instead of the claim's, e.g. learning rates for its optimizer.
        as_tuned_for: an arm. Under this condition only that arm is tuned, and all arms take its values: the
            others are dropped in.
    """

    model_config = pydantic.ConfigDict(extra="forbid")
    overrides: Overrides = []
    tune: Grid | None = None
    as_tuned_for: str | None = None


Factor = dict[str, Condition]


def _as_factors(value: Any) -> Any:
    """A mapping is one factor, a list holds several; plain overrides stand for a condition."""
    factors = ([value] if value else []) if isinstance(value, Mapping) else value
    if not isinstance(factors, list) or not all(isinstance(factor, Mapping) for factor in factors):
        raise ValueError("give a mapping from names to overrides, or a list of such mappings")
    return [
        {
            name: level if isinstance(level, Mapping | Condition) else {"overrides": level}
            for name, level in factor.items()
        }
        for factor in factors
    ]


Factors = Annotated[list[Annotated[Factor, Field(min_length=1)]], BeforeValidator(_as_factors)]


def names(factors: Sequence[Factor]) -> list[str]:
    return [_JOIN.join(levels) for levels in itertools.product(*factors)]


def levels_of(condition: str) -> tuple[str, ...]:
    """ "mnist-sgd" -> ("mnist", "sgd"); the whole -> ()."""
    return tuple(condition.split(_JOIN)) if condition else ()


def spoken(condition: str) -> str:
    """As reports show it: "mnist, sgd, dropped in"."""
    return ", ".join(_spoken(level) for level in levels_of(condition))


def _spoken(level: str) -> str:
    """ "adam_0_001" is "adam 0.001"."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", level).replace("_", " ")


def combined(factors: Sequence[Factor], condition: str) -> Condition:
    """All that the levels of a condition say; a later factor's grid and arm win."""
    merged = Condition()
    for factor, level in zip(factors, levels_of(condition), strict=True):
        own = factor[level]
        merged = Condition(
            overrides=[*merged.overrides, *own.overrides],
            tune=merged.tune if own.tune is None else own.tune,
            as_tuned_for=own.as_tuned_for or merged.as_tuned_for,
        )
    return merged


def unknown(factors: Sequence[Factor], wanted: Iterable[str]) -> list[str]:
    """Levels in `wanted` (conditions or single levels) that no factor has."""
    known = {level for factor in factors for level in factor}
    return [level for name in wanted for level in levels_of(name) if level not in known]


def chosen(factors: Sequence[Factor], wanted: Sequence[str]) -> list[str]:
    """The conditions that have one of the wanted levels of each factor of which a level is wanted.

    Args:
        wanted: levels, or conditions; empty: all.
    """
    levels = {level for name in wanted for level in levels_of(name)}
    kept = [[level for level in factor if level in levels] or list(factor) for factor in factors]
    return [_JOIN.join(combination) for combination in itertools.product(*kept)]


def moved(factors: Sequence[Factor], condition: str, levels: str) -> str:
    """The condition with the given levels in the place of its own."""
    others = set(levels_of(levels))
    return _JOIN.join(
        next((level for level in factor if level in others), own)
        for factor, own in zip(factors, levels_of(condition), strict=True)
    )


def described(some: Sequence[str], universe: Sequence[str]) -> str:
    """`some` of the conditions of `universe` in as few words as they can be told from the others.

    For all conditions with SGD it is "sgd", whatever the other factors are.
    """
    inside, everything = {levels_of(name) for name in some}, [levels_of(name) for name in universe]
    places = range(len(everything[0]))
    for size in places:
        for factors in itertools.combinations(places, size + 1):
            parts = [tuple(levels[place] for place in factors) for levels in everything]
            wanted = [part for part, levels in zip(parts, everything, strict=True) if levels in inside]
            if all(
                (part in wanted) == (levels in inside) for part, levels in zip(parts, everything, strict=True)
            ):
                return ", ".join(" ".join(map(_spoken, part)) for part in dict.fromkeys(wanted))
    return ""
