"""Histogram loss with Gaussian targets (Imani and White 2018, arXiv:1806.04613)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from losslab.losses.reduction import check_reduction


class HLGauss(nn.Module):
    """Cross-entropy between a histogram of logits and a Gaussian around the target, cut off at the last bins.

    Args:
        sigma: standard deviation of the Gaussian, in widths of a bin.
        reduction: "mean", "sum" or "none".
    """

    def __init__(self, sigma: float = 2.0, reduction: str = "mean") -> None:
        super().__init__()
        if not sigma > 0:
            raise ValueError(f"sigma={sigma}: give a number above 0")
        self.sigma, self.reduction = sigma, check_reduction(reduction)

    def forward(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Logits (N, bins · D), ordered as (bins, D), and targets (N, D) in units of bins to a scalar."""
        logits = outputs.unflatten(1, (-1, target.shape[1]))
        edges = torch.arange(logits.shape[1] + 1, device=target.device, dtype=target.dtype)[:, None]
        below = torch.erf((edges - target[:, None]) / (self.sigma * 2**0.5))
        share = below.diff(dim=1) / (below[:, -1:] - below[:, :1])
        return cross_entropy(logits, share, reduction=self.reduction)
