"""The picture of a comparison: for each task its result (`result_figure.py`) and the validation curves.

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
from matplotlib.figure import Figure, SubFigure
from scipy.optimize import isotonic_regression

from losslab import records
from losslab.comparison.result import Arm, Comparison, TaskComparison
from losslab.records import DIVERGED, FAILED, FINISHED
from losslab.report.comparison.looks import Look, chosen_arms, looks_of, shortened
from losslab.report.comparison.result_figure import draw_result, result_height

MOST_BANDS = 3  # bands of more arms would only mix their colours
MOST_TASKS = 12
CURVES_HEIGHT = 4.4  # inches
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
        parts = [f"n={len(self.finished)}"]
        parts += [f"{n} {status}" for status in (DIVERGED, FAILED) if (n := self.arm.count(status))]
        return f"{shortened(self.arm.label)} ({', '.join(parts)})"


def save_figure(figure: Figure, path: Path) -> None:
    """Saves a figure as PNG, completely or not at all."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a box in its place is good enough
        figure.savefig(content, format="png", dpi=150, bbox_inches="tight", facecolor="white")
    records.write_atomically(path, content.getvalue())


def draw(comparison: Comparison) -> Figure:
    """For each task its result, and below it the validation curves, whole and where they are crowded."""
    tasks, looks = comparison.tasks[:MOST_TASKS], looks_of(comparison)
    heights = [height for task in tasks for height in (result_height(task), CURVES_HEIGHT)]
    figure = Figure(figsize=(12, sum(heights)), layout="constrained")
    parts = figure.subfigures(len(heights), 1, height_ratios=heights)
    assert isinstance(parts, np.ndarray)
    for place, task in enumerate(tasks):
        draw_result(task, looks, parts[2 * place])
        curves = [read_curves(arm, task, looks[arm.label]) for arm in chosen_arms(task)]
        _draw_curves(parts[2 * place + 1], task, curves)
    return figure


def _draw_curves(figure: SubFigure, task: TaskComparison, curves: list[Curves]) -> None:
    window, bands = crowded_window(curves), len(curves) <= MOST_BANDS
    grid = figure.add_gridspec(1, 2)
    whole = figure.add_subplot(grid[0, 0] if window else grid[0, :])
    draw_lines(whole, curves, bands)
    set_limits(whole, curves)
    _describe(whole, task, curves, bands)
    if window:
        enlarged = figure.add_subplot(grid[0, 1])
        draw_lines(enlarged, curves, bands)
        enlarged.set_ylim(*window)
        enlarged.set_xlim(whole.get_xlim())
        enlarged.set_xlabel("optimiser steps")
        enlarged.set_title("enlarged", loc="left", fontsize=10)
        whole.axhspan(*window, color="#999999", alpha=0.15, linewidth=0)
    _label_lines(enlarged if window else whole, curves, task.higher_is_better)


def read_curves(arm: Arm, task: TaskComparison, look: Look) -> Curves:
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
    return Curves(look.colour, look.dash, finished, unfinished, arm)


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


def draw_lines(axes: Axes, curves: Sequence[Lines], bands: bool = True) -> None:
    for curve in curves:
        style: dict[str, Any] = {"color": curve.colour, "linestyle": curve.dash}
        if not (table := curve.table).empty:
            steps = table.index.to_numpy(dtype=float)
            single = "o" if len(steps) == 1 else ""
            axes.plot(steps, table.mean(axis=1).to_numpy(), linewidth=1.8, marker=single, **style)
            low, high = table.min(axis=1).to_numpy(), table.max(axis=1).to_numpy()
            if bands:
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


def _describe(axes: Axes, task: TaskComparison, curves: Sequence[Curves], bands: bool) -> None:
    hidden = len(task.arms) - len(curves)
    few = f"; {len(curves)} of {len(task.arms)} arms: the reference and the best" if hidden else ""
    band = "band from lowest to highest, " if bands else ""
    title = f"{task.task}: validation, mean over seeds{few}\n{band}× where a run broke off"
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
