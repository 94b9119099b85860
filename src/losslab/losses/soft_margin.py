"""Soft margin loss for targets of 0 and 1; torch's own wants -1 and 1."""

from __future__ import annotations

from torch import Tensor, nn


class SoftMargin(nn.SoftMarginLoss):
    """log(1 + exp(-y·x)) with y = 2·target - 1: the same value as binary cross-entropy on logits.

    https://pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
    """

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Logits and targets (0 or 1) of one shape."""
        return super().forward(prediction, 2 * target - 1)
