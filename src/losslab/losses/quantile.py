"""Quantile (pinball) loss: its minimiser is a quantile of the targets instead of their mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class Quantile(nn.Module):
    """max(q·r, (q - 1)·r) of r = target - prediction; q = 0.5 is half the absolute error.

    Koenker and Bassett 1978, https://doi.org/10.2307/1913643

    Args:
        quantile: q, strictly between 0 and 1.
    """

    def __init__(self, quantile: float = 0.5, reduction: str = "mean") -> None:
        super().__init__()
        if not 0 < quantile < 1:
            raise ValueError(f"quantile={quantile} must lie between 0 and 1")
        self.quantile = quantile
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or to that shape with reduction "none"."""
        residual = target - prediction
        return reduce(torch.maximum(self.quantile * residual, (self.quantile - 1) * residual), self.reduction)
