"""Whether probabilities are calibrated: predicted probability against observed frequency."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.tasks.pictures.canvas import figure

BINS = 15


def of_largest(probabilities: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """From (N, K) and class indices (N,): the largest probability, and whether its class is the true one."""
    largest, predicted = probabilities.max(dim=1)
    return largest, predicted == targets


def draw(probabilities: Tensor, came_true: Tensor) -> Any:
    """Probabilities (N,) of an event, and whether it happened (N,), in 15 bins (Guo et al. 2017).

    https://arxiv.org/abs/1706.04599
    """
    bins = (probabilities * BINS).long().clamp(0, BINS - 1)
    counts = torch.bincount(bins, minlength=BINS)
    occupied = counts > 0
    mean = torch.bincount(bins, weights=probabilities.double(), minlength=BINS)[occupied] / counts[occupied]
    rate = torch.bincount(bins, weights=came_true.double(), minlength=BINS)[occupied] / counts[occupied]
    error = float(((mean - rate).abs() * counts[occupied]).sum() / counts.sum())
    drawn, axes = figure(rows=2, width=5.0, height=5.0)
    upper, lower = axes[:, 0]
    upper.plot([0, 1], [0, 1], color="black", linewidth=1, label="calibrated")
    upper.plot(mean.numpy(), rate.numpy(), marker="o", label=f"expected calibration error {error:.3f}")
    upper.set(xlim=(0, 1), ylim=(0, 1), xlabel="predicted probability", ylabel="share that came true")
    upper.legend(loc="upper left", fontsize=8)
    lower.stairs(counts.numpy(), [edge / BINS for edge in range(BINS + 1)], fill=True)
    lower.set(xlim=(0, 1), xlabel="predicted probability", ylabel="predictions", yscale="log")
    lower.set_ylim(bottom=0.5)  # whole powers of ten: their labels are short
    return drawn
