"""matplotlib figures as SVG: files, and elements of a page, transparent and in the page's own colours."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#0a0b0c"  # becomes the page's text colour
FAINT = "#808182"  # becomes the colour of the page's lines


def svg_text(figure: Figure, salt: str) -> str:
    """The figure as the text of an SVG file, the same at every call; text stays text: small, in any font.

    Args:
        salt: makes the ids unique; different for every figure of a page.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.family": "sans-serif"}):
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def inline_svg(figure: Figure, described: str, salt: str, colours: Mapping[str, str]) -> Markup:
    """The figure as one `<svg>` element.

    Args:
        described: the text for screen readers.
        salt: see `svg_text`.
        colours: hexadecimal colour in the figure -> CSS colour on the page.
    """
    figure.patch.set_alpha(0)
    svg = svg_text(figure, salt)
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: _rounded(path[0], 1), svg)
    svg = re.sub(r'(?<= [xy]=")[\d.-]*', lambda number: _rounded(number[0], 1), svg)
    svg = re.sub(r"\n\s*", "\n", svg)
    for colour, css in {INK: "currentColor", FAINT: "var(--line-strong)", **colours}.items():
        svg = svg.replace(colour.lower(), css)
    label = escape(" ".join(described.split()))
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1).strip())


def style(axes: Axes) -> None:
    """Axes without a background, in the page's text and line colours."""
    axes.patch.set_alpha(0)
    axes.tick_params(labelsize=9, color=FAINT, labelcolor=INK, which="both")
    axes.grid(color=FAINT, alpha=0.35, linewidth=0.5)
    axes.xaxis.label.set(color=INK, fontsize=9)
    axes.yaxis.label.set(color=INK, fontsize=9)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(FAINT)


def _rounded(path: str, digits: int) -> str:
    path = re.sub(r"-?\d+\.\d+", lambda number: f"{float(number[0]):.{digits}f}".removesuffix(".0"), path)
    return " ".join(path.split())
