"""Gaussian negative log-likelihood with a predicted variance for each target, and its weighting by β."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import softplus

from losslab.losses.reduction import check_reduction, reduce


class GaussianNLL(nn.Module):
    """(log v + (μ - y)² / v) / 2, times v^β; the factor is a constant for the gradient.

    β = 0 is the negative log-likelihood without the constant log(2π) / 2, as torch.nn.GaussianNLLLoss has it
    (https://pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html); β = 1 gives the means the
    gradients of half the squared error (Seitzer et al. 2022, arXiv:2203.09168).

    Args:
        beta: from 0 to 1.
        eps: added to variances, in the squared unit of the targets as the loss sees them.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, beta: float = 0.0, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        if not 0 <= beta <= 1:
            raise ValueError(f"beta={beta}: give a number from 0 to 1")
        self.beta, self.eps, self.reduction = beta, eps, check_reduction(reduction)

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """(N, 2D), first the means μ, then r with v = softplus(r) + eps, and targets (N, D) to a scalar."""
        mean, raw = outputs.chunk(2, dim=1)
        variance = softplus(raw) + self.eps
        each = (variance.log() + (mean - target).square() / variance) / 2
        if self.beta:
            each = each * variance.detach() ** self.beta
        return reduce(each, self.reduction)
