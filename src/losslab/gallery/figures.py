"""Pictures drawn by matplotlib: figures for TensorBoard and files, SVG that takes on a page's colours."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from losslab.gallery.curves import Picture

# In the middle between black and white: readable on both.
_COLOURS = ("#2f7ed8", "#e07b16")
_INK = "#0a0b0c"  # becomes the page's text colour
_GRID = "#808080"


def both_halves(picture: Picture, title: bool = True) -> Figure:
    """Value on the left, derivative on the right, on white."""
    figure = Figure(figsize=(6.6, 2.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, picture, "value", "black")
    _draw(right, picture, "derivative", "black")
    if title:
        figure.suptitle(picture.name, fontsize=11)
    return figure


def page_svg(picture: Picture, half: str) -> str:
    """One half as an SVG element that is transparent and drawn in `currentColor`."""
    figure = Figure(figsize=(3.3, 2.4), layout="constrained")
    figure.patch.set_alpha(0)
    axes = figure.subplots()
    axes.patch.set_alpha(0)
    _draw(axes, picture, half, _INK)
    svg = _as_svg(figure, salt=f"{picture.name}-{half}")
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    # A page has many of them: only ids that something refers to, which the salt makes unique.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    described = f"{picture.name}: {'derivative of ' if half == 'derivative' else ''}{picture.y_label}"
    return svg.replace("<svg ", f'<svg role="img" aria-label="{described}" ', 1)


def file_svg(picture: Picture) -> str:
    """Both halves on white, as a file's text; the same at every call."""
    return _as_svg(both_halves(picture, title=False), salt=picture.name)


def _as_svg(figure: Figure, salt: str) -> str:
    # Text stays text: smaller, and in the reader's font.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}):
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _draw(axes: Axes, picture: Picture, half: str, ink: str) -> None:
    for curve, colour in zip(picture.curves, _COLOURS, strict=False):
        axes.plot(curve.x, getattr(curve, half), color=colour, linewidth=1.8, label=curve.label or None)
    axes.set_xlabel(picture.x_label, fontsize=9, color=ink)
    name = picture.y_label if half == "value" else f"derivative of the {picture.y_label}"
    axes.set_title(name, fontsize=10, color=ink)
    axes.tick_params(labelsize=8, color=ink, labelcolor=ink)
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    low, high = axes.get_ylim()
    if high - low < 1e-3 * max(1.0, abs(high)):  # a constant: not the rounding errors, blown up
        axes.set_ylim(low - 0.5, high + 0.5)
    for axis in (axes.axhline, axes.axvline):
        axis(0, color=_GRID, linewidth=0.6, zorder=0)
    axes.grid(color=_GRID, alpha=0.25, linewidth=0.5)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(_GRID)
    if half == "value" and any(curve.label for curve in picture.curves):
        options: dict[str, Any] = {"fontsize": 8, "frameon": False, "labelcolor": ink}
        axes.legend(**options)
