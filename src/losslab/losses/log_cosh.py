"""Log-cosh: like the squared error near zero, like the absolute error far away, smooth everywhere."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from losslab.losses.reduction import check_reduction, reduce


class LogCosh(nn.Module):
    """log(cosh(r)) of the residual r = prediction - target.

    Computed as |r| + softplus(-2|r|) - log 2, which does not overflow as cosh does (past 88 in float32).
    https://arxiv.org/abs/2208.04564 (Saleh and Saleh 2022)
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or to that shape with reduction "none"."""
        residual = prediction - target
        # Softplus of both signs has no kink at zero, unlike |r|: log-cosh is smooth there.
        losses = 0.5 * (functional.softplus(2 * residual) + functional.softplus(-2 * residual)) - math.log(2)
        return reduce(losses, self.reduction)
