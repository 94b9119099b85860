"""Logit-adjusted cross-entropy: each class's logit is shifted by the logarithm of its share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from losslab.losses.reduction import check_reduction


class LogitAdjustedCrossEntropy(nn.Module):
    """-log softmax(z + τ·log π)[y]: the largest z then is the class that is best for balanced accuracy.

    Menon et al. 2021, https://arxiv.org/abs/2007.07314

    Args:
        prior: π, the share of each class, (K,), all above 0; in a config, `training` for those of the
            training split.
        tau: τ; 1 is consistent with the balanced error, 0 is cross-entropy.
    """

    prior: Tensor

    def __init__(self, prior: Tensor | Sequence[float], tau: float = 1.0, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("prior", torch.as_tensor(prior, dtype=torch.float32))
        if self.prior.ndim != 1 or not bool((self.prior > 0).all()):
            raise ValueError(f"prior={prior} must be one share above 0 for each class")
        self.tau = tau
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Raw outputs (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        shift = self.tau * self.prior.to(prediction).log()
        shape = [1, -1] + [1] * (prediction.ndim - 2)
        return cross_entropy(prediction + shift.reshape(shape), target, reduction=self.reduction)
