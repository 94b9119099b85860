"""A small image with axes, lines, points, bars and words, drawn with PIL.

matplotlib takes 0.1 s for such a picture, and a second for its import; this takes some milliseconds, so that
pictures cost a run little. It has no more than the pictures of this folder need.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = str | tuple[int, int, int]
Numbers = Sequence[float] | np.ndarray
BLUE, ORANGE, GREY = "#1f77b4", "#ff7f0e", "#bbbbbb"
SIZE = 11  # of letters, in pixels


class Canvas:
    """An empty image of `width` by `height` pixels; `image` is what was drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.image = Image.new("RGB", (width, height), "white")
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self,
        at: tuple[float, float],
        text: str,
        anchor: str = "mm",
        colour: Colour = "black",
        size: int = SIZE,
    ) -> None:
        """Writes `text` at a pixel; anchors: https://pillow.readthedocs.io/en/stable/handbook/text-anchors.html"""
        self.draw.text(at, text, fill=colour, font=_font(size), anchor=anchor)

    def upright(self, at: tuple[float, float], text: str) -> None:
        """Writes `text` from bottom to top, its middle at a pixel."""
        left, top, right, bottom = _font(SIZE).getbbox(text)
        mask = Image.new("L", (math.ceil(right - left) + 2, math.ceil(bottom - top) + 2))
        ImageDraw.Draw(mask).text((1 - left, 1 - top), text, fill=255, font=_font(SIZE))
        mask = mask.rotate(90, expand=True)
        self.image.paste("black", (int(at[0] - mask.width / 2), int(at[1] - mask.height / 2)), mask)


class Axes:
    """A framed part of a canvas with its own scales and ticks.

    Args:
        box: left, top, right, bottom in pixels; labels lie outside.
        x, y: the lowest and highest value.
        log: y is logarithmic.
    """

    def __init__(
        self,
        canvas: Canvas,
        box: tuple[int, int, int, int],
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        labels: tuple[str, str],
        title: str = "",
        log: bool = False,
    ) -> None:
        self.canvas, self.box, self.log = canvas, box, log
        self._x, self._y = _widened(*x), _widened(*(np.log10(y) if log else y))
        left, top, right, bottom = box
        for value in ticks(*self._x):
            at = self.pixel(value, y[0])[0]
            canvas.draw.line((at, bottom, at, bottom + 3), fill="black")
            canvas.text((at, bottom + 5), f"{value:g}", "mt")
        for value in range(math.ceil(self._y[0]), math.floor(self._y[1]) + 1) if log else ticks(*self._y):
            at = self.pixel(x[0], 10.0**value if log else value)[1]
            canvas.draw.line((left - 3, at, left, at), fill="black")
            canvas.text((left - 5, at), f"{10**value if log else value:g}", "rm")
        canvas.draw.rectangle(box, outline="black")
        canvas.text(((left + right) / 2, bottom + 20), labels[0], "mt")
        canvas.upright((left - 42, (top + bottom) / 2), labels[1])
        canvas.text(((left + right) / 2, top - 6), title, "mb", size=SIZE + 2)
        self._legend: list[tuple[str, Colour]] = []

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Where (x, y) lies on the canvas; what is outside the scales lies on the frame."""
        left, top, right, bottom = self.box
        value = math.log10(y) if self.log and y > 0 else self._y[0] if self.log else y
        across = (x - self._x[0]) / (self._x[1] - self._x[0])
        up = (value - self._y[0]) / (self._y[1] - self._y[0])
        return left + min(max(across, 0), 1) * (right - left), bottom - min(max(up, 0), 1) * (bottom - top)

    def line(
        self,
        xs: Numbers,
        ys: Numbers,
        colour: Colour = "black",
        label: str = "",
        width: int = 1,
    ) -> None:
        """Connects the points (x, y)."""
        points = [self.pixel(x, y) for x, y in zip(xs, ys, strict=True)]
        self.canvas.draw.line(points, fill=colour, width=width)
        self._named(label, colour)

    def points(
        self,
        xs: Numbers,
        ys: Numbers,
        colour: Colour = BLUE,
        label: str = "",
        radius: int = 3,
    ) -> None:
        """A dot at each (x, y)."""
        for x, y in zip(xs, ys, strict=True):
            self.canvas.draw.circle(self.pixel(x, y), radius, fill=colour)
        self._named(label, colour)

    def bars(self, edges: Numbers, heights: Numbers, colour: Colour = BLUE) -> None:
        """A bar from the lower frame to each height, between neighbouring edges."""
        for low, high, height in zip(edges, edges[1:], heights, strict=False):
            left, top = self.pixel(low, height)
            right, _ = self.pixel(high, height)
            if top < self.box[3]:
                self.canvas.draw.rectangle((left, top, right, self.box[3]), fill=colour)

    def legend(self, corner: str = "upper left") -> None:
        """Names what was drawn with a label: a sample of its colour, and the words."""
        left, top, right, bottom = self.box
        high = 16 * len(self._legend) + 4
        wide = max(_font(SIZE).getlength(label) for label, _ in self._legend) + 32
        left = int(right - wide - 6) if corner.endswith("right") else left + 6
        top = bottom - high - 6 if corner.startswith("lower") else top + 6
        self.canvas.draw.rectangle((left, top, left + wide, top + high), fill="white", outline=GREY)
        for place, (label, colour) in enumerate(self._legend):
            middle = top + 10 + 16 * place
            self.canvas.draw.line((left + 5, middle, left + 21, middle), fill=colour, width=2)
            self.canvas.text((left + 26, middle), label, "lm")

    def _named(self, label: str, colour: Colour) -> None:
        if label:
            self._legend.append((label, colour))


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers from `low` to `high`, at most `most`: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if (high - low) / step < most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, last + 1)]


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range that is not empty."""
    if high > low:
        return float(low), float(high)
    around = abs(low) / 2 or 0.5
    return float(low - around), float(high + around)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
