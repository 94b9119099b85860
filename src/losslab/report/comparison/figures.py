"""The picture of a comparison: validation curves of every arm, one row of panels per task.

Figures are made without pyplot, because its global state and windows do not belong in a library.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from losslab import records
from losslab.comparison.result import Arm, Comparison, TaskComparison
from losslab.records import DIVERGED, FAILED, FINISHED

# Okabe and Ito's colours, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/),
# without their yellow, too pale for a line on white; dashes once they are used up.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9"]
DASHES = ["-", "--", ":"]
MOST_ARMS = 14
MOST_TASKS = 12
LONGEST_LABEL = 48
NARROW = 0.4  # a group of arms on less than this share of the height is enlarged in a second panel


@dataclasses.dataclass
class Lines:
    """Curves of one metric that belong together, one per run: steps -> value."""

    colour: str
    dash: str
    finished: list[pd.Series]
    unfinished: list[pd.Series]

    @property
    def table(self) -> pd.DataFrame:
        """Finished runs as columns, at the steps where all have a value: means are over the same runs."""
        return pd.concat(self.finished, axis=1).dropna() if self.finished else pd.DataFrame()

    @property
    def last(self) -> float | None:
        """Where the arm's line ends; None if nothing is drawn."""
        if not (table := self.table).empty:
            return float(table.mean(axis=1).iloc[-1])
        return float(self.unfinished[0].iloc[-1]) if self.unfinished else None


@dataclasses.dataclass
class Curves(Lines):
    """One arm's validation curves."""

    arm: Arm

    @property
    def label(self) -> str:
        name = self.arm.label
        parts = [f"n={len(self.finished)}"]
        parts += [f"{n} {status}" for status in (DIVERGED, FAILED) if (n := self.arm.count(status))]
        return (
            f"{name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + '…'} ({', '.join(parts)})"
        )


def save_figure(figure: Figure, path: Path) -> None:
    """Saves a figure as PNG, completely or not at all."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box in its place is good enough
        figure.savefig(content, format="png", dpi=150, bbox_inches="tight", facecolor="white")
    records.write_atomically(path, content.getvalue())


def draw(comparison: Comparison) -> Figure:
    """One row per task: all of the curves, and beside it the group of arms that is crowded there."""
    tasks = comparison.tasks[:MOST_TASKS]
    rows = [(task, [read_curves(arm, task, place) for place, arm in chosen_arms(task)]) for task in tasks]
    figure = Figure(figsize=(12, 4.6 * len(tasks)))
    grid = figure.add_gridspec(len(tasks), 2, wspace=0.16, hspace=0.35)
    for place, (task, curves) in enumerate(rows):
        window = crowded_window(curves)
        whole = figure.add_subplot(grid[place, 0] if window else grid[place, :])
        draw_lines(whole, curves)
        set_limits(whole, curves)
        _describe(whole, task, curves)
        if window:
            enlarged = figure.add_subplot(grid[place, 1])
            draw_lines(enlarged, curves)
            enlarged.set_ylim(*window)
            enlarged.set_xlim(whole.get_xlim())
            enlarged.set_xlabel("optimiser steps")
            enlarged.set_title("enlarged", loc="left", fontsize=10)
            whole.axhspan(*window, color="#999999", alpha=0.15, linewidth=0)
        _label_lines(enlarged if window else whole, curves, task.higher_is_better)
    return figure


def chosen_arms(task: TaskComparison) -> list[tuple[int, Arm]]:
    """The arms that fit into a picture, with their places: the reference and the best."""
    numbered = list(enumerate(task.arms))
    if len(numbered) <= MOST_ARMS:
        return numbered
    best = sorted(numbered, key=lambda pair: (pair[1].label != task.reference, pair[1].rank or 0, pair[0]))
    return list(enumerate(arm for _, arm in sorted(best[:MOST_ARMS], key=lambda pair: pair[0])))


def read_curves(arm: Arm, task: TaskComparison, place: int) -> Curves:
    """The arm's curves from its runs' folders; a run without a readable curve has no line."""
    finished: list[pd.Series] = []
    unfinished: list[pd.Series] = []
    for folder, status in zip(arm.runs["folder"], arm.runs["status"], strict=True):
        try:
            line = records.load_curve(folder, "validation", task.metric)
        except (OSError, ValueError):  # a broken or empty file
            continue
        if not line.empty:
            (finished if status == FINISHED else unfinished).append(line)
    colour = COLOURS[place % len(COLOURS)]
    return Curves(colour, DASHES[place // len(COLOURS) % len(DASHES)], finished, unfinished, arm)


def crowded_window(curves: Sequence[Lines]) -> tuple[float, float] | None:
    """The heights to enlarge: where the largest group of arms ends, if it is narrow; else None.

    Groups are separated by gaps of at least a quarter of the whole height.
    """
    drawn = [curve for curve in curves if not curve.table.empty]
    if len(drawn) < 2:
        return None
    values = np.concatenate([curve.table.to_numpy().ravel() for curve in drawn])
    height = float(np.ptp(values))
    ordered = sorted(drawn, key=lambda curve: curve.last or 0.0)
    groups = [[ordered[0]]]
    for before, after in itertools.pairwise(ordered):
        if (after.last or 0.0) - (before.last or 0.0) > height / 4:
            groups.append([])
        groups[-1].append(after)
    crowd = [curve.table for curve in max(groups, key=len)]
    late = np.concatenate([table[table.index >= table.index[-1] / 2].to_numpy().ravel() for table in crowd])
    low, high = float(late.min()), float(late.max())
    if len(crowd) < 2 or low == high or high - low > NARROW * height:
        return None
    margin = 0.06 * (high - low)
    return low - margin, high + margin


def draw_lines(axes: Axes, curves: Sequence[Lines]) -> None:
    for curve in curves:
        style: dict[str, Any] = {"color": curve.colour, "linestyle": curve.dash}
        if not (table := curve.table).empty:
            steps = table.index.to_numpy(dtype=float)
            single = "o" if len(steps) == 1 else ""
            axes.plot(steps, table.mean(axis=1).to_numpy(), linewidth=1.8, marker=single, **style)
            low, high = table.min(axis=1).to_numpy(), table.max(axis=1).to_numpy()
            axes.fill_between(steps, low, high, color=curve.colour, alpha=0.15, linewidth=0)
        for line in curve.unfinished:
            steps, values = line.index.to_numpy(dtype=float), line.to_numpy()
            axes.plot(steps, values, linewidth=0.9, alpha=0.8, **style)
            axes.plot(
                steps[-1:], values[-1:], marker="x", markersize=8, markeredgewidth=2, color=curve.colour
            )
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def set_limits(axes: Axes, curves: Sequence[Lines]) -> None:
    """Sets limits by the finished runs: a run that diverges to 1e30 must not flatten the others."""
    tables = [table.to_numpy().ravel() for curve in curves if not (table := curve.table).empty]
    if tables:
        values = np.concatenate(tables)
        low, high = float(values.min()), float(values.max())
        margin = 0.05 * (high - low) or 0.05 * (abs(high) or 1.0)
        axes.set_ylim(low - margin, high + margin)


def _describe(axes: Axes, task: TaskComparison, curves: Sequence[Curves]) -> None:
    hidden = len(task.arms) - len(curves)
    few = f"; {len(curves)} of {len(task.arms)} arms: the reference and the best" if hidden else ""
    title = f"{task.task}: mean over seeds{few}\nband from lowest to highest, × where a run broke off"
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)
    axes.set_xlabel("optimiser steps")
    axes.set_ylabel(f"validation {task.metric}", parse_math=False)
    if all(curve.last is None for curve in curves):
        axes.text(0.5, 0.5, "no validation curves", transform=axes.transAxes, ha="center")


def _label_lines(axes: Axes, curves: Sequence[Curves], higher_is_better: bool) -> None:
    """Names beside the ends of the lines, pushed apart so that none covers another."""
    bottom, top = axes.get_ylim()
    right = axes.get_xlim()[1]
    worst = bottom if higher_is_better else top
    ends = [worst if curve.last is None else curve.last for curve in curves]
    order = np.argsort(ends, kind="stable")
    wanted = [min(max((ends[place] - bottom) / (top - bottom), 0.0), 1.0) for place in order]
    for place, height in zip(order, spread(wanted, gap=0.062), strict=True):
        curve, end = curves[place], ends[place]
        inside = bottom <= end <= top and curve.last is not None
        style: dict[str, Any] = {
            "color": curve.colour,
            "transform": axes.get_yaxis_transform(),
            "clip_on": False,
        }
        level = bottom + height * (top - bottom)
        if inside:
            axes.plot([1.0, 1.03], [end, level], linewidth=0.7, **style)
        axes.plot([1.03, 1.08], [level, level], linewidth=2, linestyle=curve.dash, **style)
        where = "" if inside else " no curve" if curve.last is None else " ↓" if end < bottom else " ↑"
        axes.text(
            1.09,
            height,
            curve.label + where,
            transform=axes.transAxes,
            va="center",
            fontsize=9,
            parse_math=False,
        )
    axes.set_xlim(axes.get_xlim()[0], right)
    axes.set_ylim(bottom, top)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Heights at least `gap` apart and as near to the ascending `wanted` ones as possible (squares)."""
    steps = gap * np.arange(len(wanted))
    return (isotonic_regression(np.asarray(wanted) - steps).x + steps).tolist() if len(wanted) else []
