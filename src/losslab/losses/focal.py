"""Focal loss for one class among many; for binary targets there is torchvision.ops.sigmoid_focal_loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class MulticlassFocal(nn.Module):
    """(1 - p_y)^γ · cross-entropy, on logits; γ = 0 is cross-entropy.

    Lin et al. 2017, https://arxiv.org/abs/1708.02002, with softmax in place of sigmoid.

    Args:
        gamma: γ, at least 0: how strongly well classified samples are down-weighted.
        weight: (K,) a weight for each class. As in torch.nn.CrossEntropyLoss, "mean" divides by the sum of
            the weights of the samples' classes.
    """

    weight: Tensor | None

    def __init__(self, gamma: float = 2.0, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__()
        if gamma < 0:
            raise ValueError(f"gamma={gamma} must not be negative")
        self.gamma = gamma
        self.reduction = check_reduction(reduction)
        self.register_buffer("weight", weight)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Logits (N, K, ...) and class indices (N, ...); "none" gives (N, ...)."""
        log_probability = torch.log_softmax(prediction, dim=1).gather(1, target.unsqueeze(1)).squeeze(1)
        # 1 - p of a confident prediction by expm1: the difference itself would lose precision.
        losses = -((-torch.expm1(log_probability)) ** self.gamma) * log_probability
        if self.weight is None:
            return reduce(losses, self.reduction)
        weights = self.weight.to(losses)[target]
        losses = losses * weights
        return losses.sum() / weights.sum() if self.reduction == "mean" else reduce(losses, self.reduction)
