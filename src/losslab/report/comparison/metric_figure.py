"""The final test metric of all arms as bars."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from losslab.comparison.result import TaskComparison
from losslab.report.comparison.figures import COLOURS, LONGEST_LABEL, chosen_arms
from losslab.report.comparison.tables import number_format


def draw_metric(task: TaskComparison) -> Figure:
    """One bar per arm: mean over the finished runs, its 95 % interval, and every run as a dot."""
    arms = chosen_arms(task)
    digits = number_format(task)
    figure = Figure(figsize=(9, 1.1 + 0.4 * len(arms)), layout="constrained")
    axes = figure.add_subplot()
    for row, (place, arm) in enumerate(arms):
        colour = COLOURS[place % len(COLOURS)]
        if arm.estimate.n == 0:
            axes.text(0, row, "  no finished run", va="center", fontsize=9)
            continue
        mean = arm.estimate.mean
        axes.barh(row, mean, color=colour, alpha=0.45, height=0.7)
        if math.isfinite(arm.estimate.low) and math.isfinite(arm.estimate.high):
            spread = [[mean - arm.estimate.low], [arm.estimate.high - mean]]
            axes.errorbar([mean], [row], xerr=spread, color="black", capsize=3, linewidth=1)
        values = arm.outcomes.dropna()
        axes.plot(values, [row] * len(values), ".", color=colour, markersize=7, markeredgecolor="black")
        axes.annotate(
            f"{mean:{digits}}",
            (1.01, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
        )
    labels = [
        arm.label if len(arm.label) <= LONGEST_LABEL else f"{arm.label[: LONGEST_LABEL - 1]}…"
        for _, arm in arms
    ]
    _set_limits(axes, [value for _, arm in arms for value in arm.outcomes.dropna()])
    axes.set_yticks(range(len(arms)), labels=labels, fontsize=9, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(f"test {task.metric}", parse_math=False)
    axes.set_title(f"{task.task}: mean, 95 % interval, runs", loc="left", fontsize=10, parse_math=False)
    axes.grid(axis="x", alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _set_limits(axes: Axes, values: list[float]) -> None:
    """Sets limits by the runs: the wide interval of two or three seeds may leave the picture."""
    if values:
        low, high = min(0.0, *values), max(0.0, *values)
        margin = 0.05 * (high - low or 1.0)
        axes.set_xlim(low - margin * (low < 0), high + margin)
