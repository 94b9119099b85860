"""The result for one arm against the reference, and the margin."""

from __future__ import annotations

import dataclasses
import math

from losslab.errors import UserError


@dataclasses.dataclass(frozen=True)
class Margin:
    """The smallest difference that matters.

    Attributes:
        size: above 0. In the metric's unit; with `ratio`, as a share of the reference: 0.05 is 5 %.
    """

    size: float
    ratio: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.size) and self.size > 0):
            raise UserError(f"margin={self} is wrong: give a number above 0, or a ratio like 5%")

    @classmethod
    def parse(cls, text: str | float | Margin | None) -> Margin | None:
        """0.01, "0.01" or "5%"; None stays None. Raises UserError for anything else."""
        if text is None or isinstance(text, Margin):
            return text
        try:
            if isinstance(text, str) and text.strip().endswith("%"):
                return cls(float(text.strip()[:-1]) / 100, ratio=True)
            if isinstance(text, bool):
                raise ValueError
            return cls(float(text))
        except (TypeError, ValueError):
            raise UserError(f"margin={text} is wrong: give a number above 0, or a ratio like 5%") from None

    def __str__(self) -> str:
        return f"{100 * self.size:g}%" if self.ratio else f"{self.size:g}"

    @property
    def on_scale(self) -> float:
        """The margin on the scale of the test: logarithms for a ratio."""
        return math.log1p(self.size) if self.ratio else self.size


@dataclasses.dataclass(frozen=True)
class Row:
    """An arm against the reference, under one condition.

    Attributes:
        mean: of arm minus reference in the metric's unit; with a ratio margin of arm / reference
            (geometric), 1 is no difference. NaN if there are too few pairs.
        low: lower end of its interval.
        high: upper end.
        n: pairs of seeds that count: both runs have a value and neither collapsed.
        decision: better, worse, equal (within the margin) or open.
        seeds_needed: about how many seeds in all would decide; None if decided, or if more than 1000.
        collapsed: seeds whose run collapsed, see `collapse.py`.
        reference_collapsed: the same of the reference.
        missing: seeds that only one of the two has a value for.
        level: two-sided level of the interval.
    """

    arm: str
    reference: str
    condition: str
    metric: str
    mean: float
    low: float
    high: float
    n: int
    decision: str
    margin: Margin | None
    higher_is_better: bool
    seeds_needed: int | None
    collapsed: tuple[int | str, ...]
    reference_collapsed: tuple[int | str, ...]
    missing: tuple[int | str, ...]
    level: float
    vetoed: bool
