"""Generalised dice loss of foreground and background, for networks with one output channel."""

from __future__ import annotations

import torch
from monai.losses import GeneralizedDiceLoss
from torch import Tensor, nn


class GeneralisedDice(nn.Module):
    """Dice over foreground and background, each weighted by 1 / (its size)².

    The weights matter only with two classes: with the foreground alone they cancel, and an image without
    foreground has no gradient. So background = 1 - foreground becomes a second channel here.
    Sudre et al. 2017, https://arxiv.org/abs/1707.03237;
    https://docs.monai.io/en/stable/losses.html#generalizeddiceloss
    """

    def __init__(self, reduction: str = "mean", smooth: float = 1e-5) -> None:
        super().__init__()
        self.dice = GeneralizedDiceLoss(reduction=reduction, smooth_nr=smooth, smooth_dr=smooth)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Logits and masks (N, 1, H, W); reduction "none" gives one loss per image."""
        foreground = torch.sigmoid(prediction)
        both = torch.cat([1 - foreground, foreground], dim=1)
        return self.dice(both, torch.cat([1 - target, target], dim=1))
