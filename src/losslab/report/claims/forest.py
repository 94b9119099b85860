"""A prediction's intervals against its margin: all positions, in percent of a strip's width.

The page draws one strip per row from these positions, so that it fits any screen; ticks are matplotlib's.
"""

from __future__ import annotations

import dataclasses
import math

from matplotlib.ticker import LogLocator, MaxNLocator

from losslab.claims.verdict import PredictionOutcome, Row
from losslab.report.claims.words import finite, number

LEFT, RIGHT = 3.0, 97.0
MOST_OVERHANG = 1.5  # an interval may reach this many times the spread of all means and margins beyond it
MOST_DOTS = 30
MOST_UNEVEN = 60  # rows whose extents differ by more than this factor each have their own scale


@dataclasses.dataclass(frozen=True)
class Strip:
    """One row; None where there is no such number.

    Attributes:
        mean, low, high: places, cut off at the strip's ends.
        beyond_left, beyond_right: the interval extends beyond the strip.
        dots: the values, one per seed, that lie inside.
        within_left, within_right: from where to where a number is as predicted, ends of the strip included.
        margins: places of the margins themselves.
        neutral: place of no difference (0, or the ratio 1); None if it is not in view.
        ticks: places with their labels.
    """

    mean: float | None
    low: float | None
    high: float | None
    beyond_left: bool
    beyond_right: bool
    dots: list[float]
    within_left: float
    within_right: float
    margins: list[float]
    neutral: float | None
    ticks: list[tuple[float, str]]


@dataclasses.dataclass(frozen=True)
class Forest:
    """A strip for each row of a prediction; `shared`: all have the same scale and ticks."""

    strips: list[Strip]
    shared: bool


def forest(prediction: PredictionOutcome) -> Forest | None:
    """None if no row has a number that could be drawn."""
    known = [row for row in prediction.rows if math.isfinite(finite(row.mean, math.nan))]
    if not known:
        return None
    own = [_Scale([row], prediction) for row in known]
    extents = [scale.high - scale.low for scale in own]
    shared = max(extents) <= MOST_UNEVEN * min(extents)
    common = _Scale(known, prediction)
    strips = []
    for row in prediction.rows:
        strips.append(
            _strip(row, prediction, common if shared or row not in known else own[known.index(row)])
        )
    return Forest(strips, shared)


class _Scale:
    """From numbers to percent; logarithmic for ratios."""

    def __init__(self, rows: list[Row], prediction: PredictionOutcome) -> None:
        """Each of `rows` has a mean."""
        margins = [margin for margin in (prediction.low, prediction.high) if margin is not None]
        anchors = [*(finite(row.mean, 0.0) for row in rows), *margins]
        self.logarithmic = prediction.ratio and min(anchors) > 0
        at = [self._along(value) for value in anchors]
        spread = max(at) - min(at) or abs(at[0]) * 0.2 or 1.0
        ends = [self._along(end) for row in rows for end in self._ends(row)]
        # one wide interval of two seeds must not press all others together
        lowest, highest = min(at) - MOST_OVERHANG * spread, max(at) + MOST_OVERHANG * spread
        low = min([*at, *(max(end, lowest) for end in ends)])
        high = max([*at, *(min(end, highest) for end in ends)])
        room = 0.06 * (high - low or spread)
        self.low, self.high = low - room, high + room

    def place(self, value: float) -> float:
        return LEFT + (RIGHT - LEFT) * (self._along(value) - self.low) / (self.high - self.low)

    def shows(self, value: float) -> bool:
        return (value > 0 or not self.logarithmic) and self.low <= self._along(value) <= self.high

    def ticks(self) -> list[tuple[float, str]]:
        low, high = self.low, self.high
        if self.logarithmic:
            low, high = math.exp(low), math.exp(high)
        if self.logarithmic and high / low > 30:
            powers = [float(value) for value in LogLocator(numticks=5).tick_values(low, high)]
            return [(self.place(value), number(value)) for value in powers if self.shows(value)]
        values = [float(value) for value in MaxNLocator(nbins=4).tick_values(low, high)]
        step = values[1] - values[0]
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        if decimals < 7 and not math.isclose(step * 10**decimals, round(step * 10**decimals), rel_tol=1e-6):
            decimals += 1  # a step of 0.25
        many = decimals > 7 or abs(values[-1]) >= 1e6
        return [
            (self.place(value), number(value) if many else f"{value:,.{decimals}f}".replace("-", "−"))
            for value in values
            if self.shows(value)
        ]

    def _along(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value

    def _ends(self, row: Row) -> list[float]:
        found = [finite(end, math.nan) for end in (row.low, row.high, *row.values[:MOST_DOTS])]
        return [end for end in found if math.isfinite(end) and (end > 0 or not self.logarithmic)]


def _strip(row: Row, prediction: PredictionOutcome, scale: _Scale) -> Strip:
    def place(value: float | None) -> float | None:
        at = finite(value, math.nan)
        if math.isnan(at) or (scale.logarithmic and at <= 0):
            return None
        return min(max(scale.place(at), 0.0), 100.0)

    def beyond(value: float | None, side: int) -> bool:
        at = finite(value, math.nan)
        if math.isnan(at) or (scale.logarithmic and at <= 0):
            return False
        return scale.place(at) < 0 if side < 0 else scale.place(at) > 100

    dots = [
        round(scale.place(value), 1)
        for value in (finite(value, math.nan) for value in row.values[:MOST_DOTS])
        if not math.isnan(value) and scale.shows(value)
    ]
    neutral = 1.0 if prediction.ratio else 0.0
    return Strip(
        mean=place(row.mean),
        low=place(row.low),
        high=place(row.high),
        beyond_left=beyond(row.low, -1),
        beyond_right=beyond(row.high, 1),
        dots=dots if len(row.values) > 1 else [],
        within_left=0.0 if prediction.low is None else scale.place(prediction.low),
        within_right=100.0 if prediction.high is None else scale.place(prediction.high),
        margins=[scale.place(margin) for margin in (prediction.low, prediction.high) if margin is not None],
        neutral=scale.place(neutral) if scale.shows(neutral) else None,
        ticks=scale.ticks(),
    )
