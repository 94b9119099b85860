"""Whether probabilities are calibrated: predicted probability against observed frequency."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from losslab.tasks.pictures.canvas import BLUE, Axes, Canvas

BINS = 15


def of_largest(probabilities: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """From (N, K) and class indices (N,): the largest probability, and whether its class is the true one."""
    largest, predicted = probabilities.max(dim=1)
    return largest, predicted == targets


def in_bins(probabilities: Tensor, came_true: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of 15 bins: mean probability, share that came true (both NaN in an empty one), predictions."""
    bins = (probabilities * BINS).long().clamp(0, BINS - 1)
    counts = torch.bincount(bins, minlength=BINS)
    mean = torch.bincount(bins, weights=probabilities.double(), minlength=BINS) / counts
    return mean, torch.bincount(bins, weights=came_true.double(), minlength=BINS) / counts, counts


def calibration_error(mean: Tensor, rate: Tensor, counts: Tensor) -> float:
    """The expected calibration error of `in_bins`."""
    return float(((mean - rate).abs() * counts).nansum() / counts.sum())


def draw(probabilities: Tensor, came_true: Tensor) -> Image.Image:
    """Probabilities (N,) of an event, and whether it happened (N,), in 15 bins (Guo et al. 2017).

    https://arxiv.org/abs/1706.04599
    """
    mean, rate, counts = in_bins(probabilities, came_true)
    canvas = Canvas(400, 400)
    labels = ("predicted probability", "share that came true")
    upper = Axes(canvas, (60, 15, 385, 155), (0, 1), (0, 1), labels=labels)
    upper.line([0, 1], [0, 1], label="calibrated")
    occupied = counts > 0
    xs, ys = mean[occupied].tolist(), rate[occupied].tolist()
    error = calibration_error(mean, rate, counts)
    upper.line(xs, ys, BLUE, f"expected calibration error {error:.3f}", width=2)
    upper.points(xs, ys)
    upper.legend()
    most = max(10, int(counts.max()))
    labels = ("predicted probability", "predictions")
    lower = Axes(canvas, (60, 210, 385, 350), (0, 1), (0.5, 1.3 * most), labels=labels, log=True)
    lower.bars([edge / BINS for edge in range(BINS + 1)], counts.tolist())
    return canvas.image
