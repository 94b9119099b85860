"""Squentropy: cross-entropy plus the mean square of the wrong classes' logits."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from losslab.losses.reduction import check_reduction, reduce


class Squentropy(nn.Module):
    """-log softmax(z)[y] + Σ z[k]² / (K - 1) over the wrong classes k; it has no parameter to tune.

    Hui, Belkin and Wright 2023, https://arxiv.org/abs/2302.03952
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Raw outputs (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        wrong = prediction.scatter(1, target.unsqueeze(1), 0.0)
        squares = wrong.square().sum(dim=1) / (prediction.shape[1] - 1)
        return reduce(cross_entropy(prediction, target, reduction="none") + squares, self.reduction)
