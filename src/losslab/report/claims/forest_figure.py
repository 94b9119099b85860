"""The predictions that decide a claim as an SVG file: each interval beside what was predicted.

The scales are those of `forest.py`, which draws the same strips on the HTML page.
"""

from __future__ import annotations

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from losslab.claims.schema import CORE, PREMISE
from losslab.claims.verdict import CLOSE, FAILS, HOLDS, PredictionOutcome, Row, Verdict
from losslab.report.claims import words
from losslab.report.claims.forest import Forest, Strip, forest
from losslab.report.svg import FAINT, INK, svg_text

WIDTH = 5.6  # inches: its text can be read on a phone
ROW, AROUND = 0.36, 0.5  # inches of a row, and of what stands above and below a prediction's rows
LETTERS = 84  # that fit beside each other in a row
LINE = 0.19  # inches of a line of text
COLOURS = {HOLDS: "#0a7d4f", FAILS: "#c2410c", CLOSE: "#a37a00"}
OPEN_COLOUR = "#5b6b7a"


def forest_svg(verdict: Verdict) -> str:
    """The text of an SVG file, the same at every call; empty if no deciding prediction has a number."""
    drawn = [
        (prediction, found)
        for prediction in words.of_role(verdict, PREMISE, CORE)
        if (found := forest(prediction)) is not None
    ]
    return svg_text(_figure(drawn), salt=verdict.claim) if drawn else ""


def _figure(drawn: list[tuple[PredictionOutcome, Forest]]) -> Figure:
    titles = [_title(prediction) for prediction, _ in drawn]
    heights = [
        AROUND + LINE * len(title) + ROW * len(found.strips)
        for title, (_, found) in zip(titles, drawn, strict=True)
    ]
    figure = Figure(figsize=(WIDTH, sum(heights)))
    top = sum(heights)
    for title, height, (prediction, found) in zip(titles, heights, drawn, strict=True):
        rows = ROW * len(found.strips)
        bottom = top - LINE * len(title) - rows - 0.1
        axes = figure.add_axes((0.03, bottom / sum(heights), 0.94, rows / sum(heights)))
        axes.set_title("\n".join(title), fontsize=10, loc="left", color=INK, parse_math=False)
        _draw(axes, prediction, found)
        top -= height
    return figure


def _title(prediction: PredictionOutcome) -> list[str]:
    premise = "Premise: " if prediction.role == PREMISE else ""
    return textwrap.wrap(f"{premise}{prediction.says}", width=66)


def _draw(axes: Axes, prediction: PredictionOutcome, found: Forest) -> None:
    for place, (row, strip) in enumerate(zip(prediction.rows, found.strips, strict=True)):
        _draw_row(axes, len(found.strips) - 1 - place, prediction, row, strip)
    axes.set_xlim(0, 100)
    axes.set_ylim(-0.4, len(found.strips) - 0.1)
    axes.set_yticks([])
    ticks = found.strips[0].ticks if found.shared else []  # rows of different scales: their numbers say it
    axes.set_xticks([place for place, _ in ticks], [label for _, label in ticks], parse_math=False)
    axes.tick_params(labelsize=9, color=FAINT, labelcolor=INK)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(FAINT)


def _draw_row(axes: Axes, y: int, prediction: PredictionOutcome, row: Row, strip: Strip) -> None:
    colour = COLOURS.get(row.outcome, OPEN_COLOUR)
    tall = [y - 0.3, y + 0.1]
    axes.fill_betweenx(tall, strip.within_left, strip.within_right, color=COLOURS[HOLDS], alpha=0.12, lw=0)
    for margin in strip.margins:
        axes.plot([margin] * 2, tall, color=INK, linewidth=0.8, linestyle="--")
    if strip.neutral is not None:
        axes.plot([strip.neutral] * 2, tall, color=FAINT, linewidth=0.8)
    if strip.low is not None and strip.high is not None:
        axes.plot([strip.low, strip.high], [y - 0.1] * 2, color=colour, linewidth=1.8)
    if strip.mean is not None:
        axes.plot([strip.mean], [y - 0.1], "o", color=colour, markersize=5)
    text: dict[str, Any] = {"y": y + 0.2, "fontsize": 8.5, "color": INK, "va": "bottom", "parse_math": False}
    measured = f"{words.row_estimate(row, prediction.ratio)}: {row.outcome}"
    axes.text(x=0, s=textwrap.shorten(words.row_name(row), LETTERS - len(measured), placeholder=" …"), **text)
    axes.text(x=100, s=measured, ha="right", **text)
