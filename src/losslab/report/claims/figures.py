"""Pictures of a claim for its page: validation curves by arm, and how each arm depends on the tuned keys."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from losslab import records
from losslab.claims.conditions import spoken
from losslab.claims.margins import SCORES
from losslab.claims.verdict import ArmResult, TunedPoint, Verdict
from losslab.records import FINISHED
from losslab.report.claims.words import finite, number, setting
from losslab.report.comparison.figures import Lines, crowded_window, draw_lines, set_limits
from losslab.report.comparison.looks import DASHES
from losslab.report.svg import inline_svg, style

# Each is replaced by a variable of the page, which has other values in dark mode.
PALETTE = ["#0072b2", "#d55e00", "#009e73", "#c2559d", "#7a5fd0", "#a37a00", "#5b6b7a"]
COLOURS = {colour: f"var(--series-{place}, {colour})" for place, colour in enumerate(PALETTE)}
MOST_POINTS = 60  # of a curve
SIZE = (4.3, 2.9)  # inches: readable on a phone, two or three side by side on a wide screen


@dataclasses.dataclass(frozen=True)
class Picture:
    caption: str
    svg: Markup


@dataclasses.dataclass(frozen=True)
class Legend:
    """An arm as it is drawn in all pictures of its claim."""

    arm: str
    colour: str
    dash: str

    @property
    def css_colour(self) -> str:
        return COLOURS[self.colour]

    @property
    def dash_array(self) -> str:
        return {"-": "none", "--": "6 3", ":": "1.5 2.5"}[self.dash]


def legends(verdict: Verdict) -> dict[str, Legend]:
    """Colour and dash of each arm, the same under every condition."""
    return {
        arm: Legend(arm, PALETTE[place % len(PALETTE)], DASHES[place // len(PALETTE) % len(DASHES)])
        for place, arm in enumerate(dict.fromkeys(arm.arm for arm in verdict.arms))
    }


def curve_pictures(verdict: Verdict, folder: Path) -> list[Picture]:
    """The primary validation metric by step, one figure per condition, and a second one if arms are crowded.

    Args:
        folder: the claim's, which `ArmResult.runs` are relative to. Missing runs are not drawn.
    """
    drawn = legends(verdict)
    pictures = []
    for condition, arms in by_condition(verdict).items():
        lines = [_lines(arm, drawn[arm.arm], folder) for arm in arms]
        if not any(line.finished or line.unfinished for line in lines):
            continue
        metric = f"validation {next(arm.primary for arm in arms if arm.primary).replace('_', ' ')}"
        where = f"{spoken(condition)}: " if condition else ""
        whole = _curves(lines, metric)
        pictures.append(picture_of(whole, f"{where}{metric} by step", f"{verdict.claim} {condition} curves"))
        if window := crowded_window(lines):
            enlarged = _curves(lines, metric)
            enlarged.axes[0].set_ylim(*window)
            caption = f"{where}the same, enlarged where most arms end"
            pictures.append(picture_of(enlarged, caption, f"{verdict.claim} {condition} enlarged"))
    return pictures


def sensitivity_pictures(verdict: Verdict) -> list[Picture]:
    """The validation metric that chooses over each tuned key's grid, with the chosen value ringed."""
    drawn = legends(verdict)
    pictures = []
    for condition, arms in by_condition(verdict).items():
        for key in dict.fromkeys(key for arm in arms for point in arm.tuning for key in point.point):
            values = list(dict.fromkeys(_plain(point.point.get(key)) for arm in arms for point in arm.tuning))
            if len(values) < 2:
                continue
            several = any(len(point.point) > 1 for arm in arms for point in arm.tuning)
            caption = (f"{spoken(condition)}: " if condition else "") + f"tuning {key}"
            caption += ", everything else at its best" if several else ""
            figure = _sensitivity(arms, key, values, drawn)
            pictures.append(picture_of(figure, caption, f"{verdict.claim} {condition} {key}"))
    return pictures


def by_condition(verdict: Verdict) -> dict[str, list[ArmResult]]:
    grouped: dict[str, list[ArmResult]] = {}
    for arm in verdict.arms:
        grouped.setdefault(arm.condition, []).append(arm)
    return grouped


def picture_of(figure: Figure, caption: str, salt: str) -> Picture:
    """As it stands on the page; `salt` makes its ids unique."""
    return Picture(caption, inline_svg(figure, caption, salt, COLOURS))


def _lines(arm: ArmResult, legend: Legend, folder: Path) -> Lines:
    finished: list[pd.Series] = []
    unfinished: list[pd.Series] = []
    for run in arm.runs:
        try:
            status = records.load(folder / run).status
            line = records.load_curve(folder / run, "validation", arm.primary)
        except (OSError, ValueError):  # a broken or empty file; RecordError is one of them
            continue
        if not line.empty:
            (finished if status == FINISHED else unfinished).append(line)
    lines = Lines(legend.colour, legend.dash, finished, unfinished)
    kept = _thinned(lines.table.index)
    return dataclasses.replace(
        lines,
        finished=[line[line.index.isin(kept)] for line in finished],
        unfinished=[line.loc[_thinned(line.index)] for line in unfinished],
    )


def _thinned(steps: pd.Index) -> pd.Index:
    """At most MOST_POINTS of them, evenly, with the first and the last."""
    if len(steps) <= MOST_POINTS:
        return steps
    return steps[np.linspace(0, len(steps) - 1, MOST_POINTS).round().astype(int)]


def blank_axes(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label, parse_math=False)
    axes.set_ylabel(y_label, parse_math=False)
    return figure, axes


def _curves(lines: Sequence[Lines], metric: str) -> Figure:
    figure, axes = blank_axes("optimiser step", metric)
    draw_lines(axes, lines)
    set_limits(axes, lines)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    style(axes)
    return figure


def _sensitivity(
    arms: Sequence[ArmResult], key: str, values: Sequence[Any], drawn: dict[str, Legend]
) -> Figure:
    place, ticks, logarithmic = _scale(values)
    metric = f"validation {(arms[0].tuned_by or arms[0].primary).replace('_', ' ')}"
    figure, axes = blank_axes(key, metric)
    for arm in arms:
        legend = drawn[arm.arm]
        best = _best_by_value(arm, key)
        options: dict[str, Any] = {"color": legend.colour}
        at = [(place(value), point) for value, point in best.items()]
        axes.plot(
            [x for x, _ in at],
            [finite(point.mean, math.nan) for _, point in at],
            linestyle=legend.dash, linewidth=1.6, **options,
        )  # fmt: skip
        for x, point in at:
            axes.plot([x] * len(point.values), point.values, ".", markersize=4, **options)
            if point.diverged:
                axes.plot([x], [finite(point.mean, math.nan)], "x", markersize=8, **options)
        chosen = _plain(arm.chosen.get(key))
        if chosen in best:
            axes.plot(
                [place(chosen)], [finite(best[chosen].mean, math.nan)],
                "o", markersize=10, markerfacecolor="none", markeredgewidth=1.6, **options,
            )  # fmt: skip
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([x for x, _ in ticks], [label for _, label in ticks], parse_math=False)
    style(axes)
    axes.set_axisbelow(True)
    return figure


def _best_by_value(arm: ArmResult, key: str) -> dict[Any, TunedPoint]:
    """For each value of the key the best point that has it, in the order of the axis."""
    best: dict[Any, TunedPoint] = {}
    higher = arm.tuned_by in SCORES if arm.tuned_by else arm.higher_is_better
    sign = 1 if higher else -1
    for point in arm.tuning:
        value = _plain(point.point.get(key))
        rival = best.get(value)
        score = sign * finite(point.mean, -sign * math.inf)
        if rival is None or score > sign * finite(rival.mean, -sign * math.inf):
            best[value] = point
    if all(_is_number(value) for value in best):
        return dict(sorted(best.items(), key=lambda item: item[0]))
    return best


def _scale(values: Sequence[Any]) -> tuple[Callable[[Any], float], list[tuple[float, str]], bool]:
    """The position of a value on the axis, the ticks, and whether the axis is logarithmic."""
    if all(_is_number(value) for value in values):
        numbers = sorted(float(value) for value in values)
        logarithmic = numbers[0] > 0 and numbers[-1] >= 8 * numbers[0]
        return float, [(value, number(value)) for value in numbers], logarithmic
    places = {value: float(place) for place, value in enumerate(values)}
    return lambda value: places[value], [(x, str(label)) for label, x in places.items()], False


def _plain(value: Any) -> Any:
    """A number, or else its text: a grid may also hold words, null and lists."""
    return value if _is_number(value) else setting(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
