"""Predicted against true values, and their residuals."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from losslab.tasks.pictures.canvas import ORANGE, Axes, Canvas

DOTS = "#79add2"  # lighter than the bars: many dots lie on each other


def draw(predicted: Tensor, true: Tensor) -> Image.Image:
    """Values of one shape, in the targets' unit: one point per value (left), the residuals (right)."""
    found, wanted = predicted.flatten().double().numpy(), true.flatten().double().numpy()
    canvas = Canvas(720, 336)
    left = Axes(
        canvas,
        (65, 30, 335, 286),
        _range(wanted),
        _range(found),
        labels=("true", "predicted"),
        title=f"{len(wanted)} values",
    )
    left.points(wanted, found, DOTS, radius=2)
    ends = [max(_range(wanted)[0], _range(found)[0]), min(_range(wanted)[1], _range(found)[1])]
    left.line(ends, ends, label="predicted = true")
    left.legend()
    residuals = found - wanted
    counts, edges = np.histogram(residuals, bins=40)
    right = Axes(
        canvas,
        (430, 30, 705, 286),
        _range(residuals),
        (0, 1.05 * counts.max()),
        labels=("residual: predicted - true", "values"),
        title="residuals",
    )
    right.bars(edges, counts)
    median = float(np.median(residuals))
    right.line([0, 0], [0, 1.05 * counts.max()])
    right.line([median, median], [0, 1.05 * counts.max()], ORANGE, f"median {median:.3g}", width=2)
    right.legend("upper right")
    return canvas.image


def _range(values: np.ndarray) -> tuple[float, float]:
    """From the lowest to the highest value, and a twentieth of that more at both ends."""
    low, high = float(values.min()), float(values.max())
    return low - (high - low) / 20, high + (high - low) / 20
