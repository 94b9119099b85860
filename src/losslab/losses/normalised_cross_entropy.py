"""Normalised cross-entropy: the true class's cross-entropy as a share of the sum over all classes."""

from __future__ import annotations

from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class NormalisedCrossEntropy(nn.Module):
    """log p[y] / Σ log p[k], from 0 to 1; over all possible labels it sums to 1, whatever the prediction.

    Ma et al. 2020, https://arxiv.org/abs/2006.13554
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Log-probabilities (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        true = prediction.gather(1, target.unsqueeze(1)).squeeze(1)
        return reduce(true / prediction.sum(dim=1), self.reduction)
