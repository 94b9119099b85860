"""A loss or an activation and its derivative: as a figure, an SVG file, an element of a page."""

from __future__ import annotations

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from losslab.report.gallery.curves import Picture
from losslab.report.svg import FAINT, INK, inline_svg, style, svg_text

_COLOURS = ("#2f7ed8", "#e07b16")  # in the middle between black and white: readable on both


def both_halves(picture: Picture, title: bool = True) -> Figure:
    """Value on the left, derivative on the right, on white."""
    figure = Figure(figsize=(6.6, 2.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw(left, picture, "value")
    _draw(right, picture, "derivative")
    if title:
        figure.suptitle(picture.name, fontsize=11)
    return figure


def page_svg(picture: Picture, half: str) -> Markup:
    """One half, "value" or "derivative", as an SVG element that takes on the page's colours."""
    figure = Figure(figsize=(3.3, 2.4), layout="constrained")
    _draw(figure.subplots(), picture, half)
    described = f"{picture.name}: {'derivative of ' if half == 'derivative' else ''}{picture.y_label}"
    return inline_svg(figure, described, salt=f"{picture.name}-{half}", colours={FAINT: "#808182"})


def file_svg(picture: Picture) -> str:
    """Both halves on white, as a file's text; the same at every call."""
    return svg_text(both_halves(picture, title=False), salt=picture.name)


def _draw(axes: Axes, picture: Picture, half: str) -> None:
    for curve, colour in zip(picture.curves, _COLOURS, strict=False):
        axes.plot(curve.x, getattr(curve, half), color=colour, linewidth=1.8, label=curve.label or None)
    axes.set_xlabel(picture.x_label)
    name = picture.y_label if half == "value" else f"derivative of the {picture.y_label}"
    axes.set_title(name, fontsize=10, color=INK)
    axes.margins(x=0.02)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    low, high = axes.get_ylim()
    if high - low < 1e-3 * max(1.0, abs(high)):  # a constant: its rounding errors are not worth a scale
        axes.set_ylim(low - 0.5, high + 0.5)
    for line in (axes.axhline, axes.axvline):
        line(0, color=FAINT, linewidth=0.6, zorder=0)
    style(axes)
    if half == "value" and any(curve.label for curve in picture.curves):
        axes.legend(fontsize=8, frameon=False, labelcolor=INK)
