"""Generalised cross-entropy: between cross-entropy (q → 0) and the absolute error (q = 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class GeneralisedCrossEntropy(nn.Module):
    """(1 - p_y^q) / q of the probability p_y of the true class: bounded, so that wrong labels count less.

    Zhang and Sabuncu 2018, https://arxiv.org/abs/1805.07836

    Args:
        q: above 0, at most 1; the paper's choice is 0.7.
    """

    def __init__(self, q: float = 0.7, reduction: str = "mean") -> None:
        super().__init__()
        if not 0 < q <= 1:
            raise ValueError(f"q={q} must be above 0 and at most 1")
        self.q = q
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        log_probability = prediction.gather(1, target.unsqueeze(1)).squeeze(1)
        return reduce(-torch.expm1(self.q * log_probability) / self.q, self.reduction)
