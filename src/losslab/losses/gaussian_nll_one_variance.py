"""Gaussian negative log-likelihood with one learned noise variance."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GaussianNLLOneVariance(nn.GaussianNLLLoss):
    """(log v + (prediction - target)² / v) / 2, where v is learned along with the network's weights.

    The outputs are the means, and all samples share v = exp(log_variance). `gaussian_nll.py` has a variance
    for each sample, from a network with two outputs for each target.
    https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full=full, eps=eps, reduction=reduction)
        self.log_variance = nn.Parameter(torch.zeros(()))

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        """Means and targets of one shape to a scalar, or to that shape with reduction "none"."""
        return super().forward(prediction, target, self.log_variance.exp().expand_as(prediction))
