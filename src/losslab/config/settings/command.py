"""What a command is told besides the settings of its runs (`tree.py`), e.g. when a sweep is decided."""

from __future__ import annotations

import itertools
from typing import Annotated, Any

import pydantic

from losslab.config.settings.values import Count, Flag, Section, wrong
from losslab.errors import UserError
from losslab.judgement.rows import Margin


def _margin(value: Any) -> Any:
    try:
        return Margin.parse(value)
    except UserError:
        raise wrong("give a number above 0 in the metric's unit, a ratio like 5%, or null") from None


class DecideSettings(Section):
    """When a sweep has answered its question.

    Attributes:
        margin: the smallest difference that matters.
        reference: label of the arm that the others are compared with; null: the first.
        stages: numbers of seeds after which the sweep judges its results; decided arms get no more seeds.
    """

    margin: Annotated[Margin | None, pydantic.BeforeValidator(_margin)]
    reference: str | None
    stages: list[Count]

    @pydantic.field_validator("stages")
    @classmethod
    def _rising(cls, value: list[int]) -> list[int]:
        if not value or value[0] < 2 or any(b <= a for a, b in itertools.pairwise(value)):
            raise wrong("give rising numbers of seeds, from 2, e.g. [8, 12, 18]")
        return value


class CommandSettings(Section):
    """Settings of a command beyond those of its runs."""

    quick: Flag
    quiet: Flag
    retry_failed: Flag
    decide: DecideSettings
