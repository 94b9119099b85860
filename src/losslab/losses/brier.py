"""Brier score: squared distance between the predicted distribution and the true class."""

from __future__ import annotations

from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class Brier(nn.Module):
    """Sum over classes of (p - y)², from 0 to 2; the mean is over samples.

    Brier 1950, https://doi.org/10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Probabilities (N, K, ...) and one-hot targets of the same shape; "none" gives (N, ...)."""
        return reduce(((prediction - target) ** 2).sum(dim=1), self.reduction)
