"""Poly-1: cross-entropy with another coefficient for the first term of its Taylor series."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class Poly1(nn.Module):
    """-log p + ε·(1 - p) of the probability p of the true class.

    Leng et al. 2022, https://arxiv.org/abs/2204.12511

    Args:
        epsilon: ε; 0 is cross-entropy, and -1 removes the first term of its series Σ (1 - p)^j / j.
    """

    def __init__(self, epsilon: float = 2.0, reduction: str = "mean") -> None:
        super().__init__()
        self.epsilon = epsilon
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        log_probability = prediction.gather(1, target.unsqueeze(1)).squeeze(1)
        return reduce(-log_probability - self.epsilon * torch.expm1(log_probability), self.reduction)
