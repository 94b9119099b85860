"""The result of one task as a picture: each arm's final metric, and its paired difference (a forest).

One row per arm, the best on top, in both panels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from losslab.comparison.ranking import best_first
from losslab.comparison.result import Arm, TaskComparison
from losslab.judgement.intervals import Estimate
from losslab.report.comparison.looks import Look, chosen_arms, shortened
from losslab.report.comparison.tables import number_format

OVERHANG = 1.5  # an interval may reach beyond all means and runs by this many times their range
# Arms behind a gap of this share of the means' range are arrows at the edge, if the intervals of the others
# take less than this share of it.
GAP, NARROW = 0.5, 0.3


def result_height(task: TaskComparison) -> float:
    """In inches."""
    return 1.3 + 0.36 * len(chosen_arms(task))


def draw_result(task: TaskComparison, looks: Mapping[str, Look], figure: Figure | SubFigure) -> None:
    """Draws both panels into `figure`."""
    arms = best_first(chosen_arms(task), task.higher_is_better)
    metric, difference = figure.subplots(1, 2, sharey=True)
    _metrics(metric, task, arms, looks)
    _differences(difference, task, arms, looks)
    metric.set_yticks(
        range(len(arms)), labels=[shortened(arm.label) for arm in arms], fontsize=9, parse_math=False
    )
    metric.set_ylim(len(arms) - 0.4, -0.6)
    for axes in (metric, difference):
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(axis="x", alpha=0.25)
        axes.spines[["top", "right", "left"]].set_visible(False)


def _metrics(axes: Axes, task: TaskComparison, arms: Sequence[Arm], looks: Mapping[str, Look]) -> None:
    digits = number_format(task)
    low, high = _window([(arm.estimate, list(arm.outcomes.dropna())) for arm in arms])
    axes.set_xlim(low, high)
    for row, arm in enumerate(arms):
        if arm.estimate.n == 0:
            axes.text(low, row, " no run with a value", va="center", fontsize=9)
            continue
        values = list(arm.outcomes.dropna())
        axes.plot(values, [row + 0.22] * len(values), ".", color="#888888", markersize=5, alpha=0.7)
        _draw(axes, row, arm.estimate, looks[arm.label].colour)
        _beside(axes, row, f"{arm.estimate.mean:{digits}}")
    axes.set_xlabel(f"test {task.metric}", parse_math=False)
    axes.set_title(
        f"{task.task}: mean, 95 % interval, runs (grey)", loc="left", fontsize=10, parse_math=False
    )


def _differences(axes: Axes, task: TaskComparison, arms: Sequence[Arm], looks: Mapping[str, Look]) -> None:
    compared = [
        (row, arm, arm.difference) for row, arm in enumerate(arms) if arm.difference and arm.difference.n
    ]
    judged = next((arm.judged for _, arm, _ in compared if arm.judged), None)
    margin = judged.margin.size if judged and judged.margin and not judged.margin.ratio else 0.0
    zero = Estimate(0.0, -margin, margin, 2)
    axes.set_xlim(*_window([(zero, [0.0]), *((difference, []) for _, _, difference in compared)]))
    if margin:
        axes.axvspan(-margin, margin, color="#999999", alpha=0.2, linewidth=0)
    axes.axvline(0, color="#555555", linewidth=1)
    digits = number_format(task)
    for row, arm, difference in compared:
        _draw(axes, row, difference, looks[arm.label].colour)
        _beside(axes, row, f"{difference.mean:+{digits}} {arm.judged.decision if arm.judged else ''}")
    for row, arm in enumerate(arms):
        if arm.label == task.reference:
            _beside(axes, row, "reference")
    grey = f"; grey: within the margin of {margin:g}" if margin else ""
    axes.set_xlabel(f"paired difference from {shortened(task.reference)}", parse_math=False)
    axes.set_title(f"difference, interval{grey}", loc="left", fontsize=10, parse_math=False)


def _draw(axes: Axes, row: int, estimate: Estimate, colour: str) -> None:
    low, high = axes.get_xlim()
    if not low <= estimate.mean <= high:
        left = estimate.mean < low
        inside = 0.02 if left else 0.98  # of the width, so that the arrow covers neither name nor number
        style: dict[str, Any] = {"color": colour, "markersize": 8, "transform": axes.get_yaxis_transform()}
        axes.plot([inside], [row], "<" if left else ">", **style)
        return
    if math.isfinite(estimate.low) and math.isfinite(estimate.high):
        axes.plot(
            [estimate.low, estimate.high], [row, row], color=colour, linewidth=2.5, solid_capstyle="butt"
        )
    axes.plot([estimate.mean], [row], "o", color=colour, markersize=7, markeredgecolor="white")


def _beside(axes: Axes, row: int, text: str) -> None:
    axes.annotate(
        text, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9, parse_math=False
    )


def _window(drawn: Sequence[tuple[Estimate, list[float]]]) -> tuple[float, float]:
    """Limits that show all arms, or the most if that enlarges them much; wide intervals may leave them."""
    ordered = sorted((pair for pair in drawn if pair[0].n), key=lambda pair: pair[0].mean)
    if not ordered:
        return 0.0, 1.0
    whole = ordered[-1][0].mean - ordered[0][0].mean
    groups = [[ordered[0]]]
    for before, after in itertools.pairwise(ordered):
        if after[0].mean - before[0].mean > GAP * whole:
            groups.append([])
        groups[-1].append(after)
    crowd = max(groups, key=len)
    ends = [end for estimate, _ in crowd for end in (estimate.low, estimate.high) if math.isfinite(end)]
    narrow = len(crowd) > 1 and ends and max(ends) - min(ends) < NARROW * whole
    return _extent(crowd if narrow else ordered)


def _extent(drawn: Sequence[tuple[Estimate, list[float]]]) -> tuple[float, float]:
    points = [value for estimate, values in drawn for value in (estimate.mean, *values)]
    ends = [end for estimate, _ in drawn for end in (estimate.low, estimate.high) if math.isfinite(end)]
    low, high = min(points), max(points)
    reach = OVERHANG * (high - low) or max((abs(end - low) for end in ends), default=0.0) or abs(low) or 1.0
    low, high = (
        min([low, *(max(end, low - reach) for end in ends)]),
        max([high, *(min(end, high + reach) for end in ends)]),
    )
    room = 0.05 * (high - low) or 0.05 * (abs(high) or 1.0)
    return low - room, high + room
