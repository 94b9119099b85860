"""Lovász hinge: the convex extension of the Jaccard error (1 - intersection over union)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class LovaszHinge(nn.Module):
    """Lovász hinge of each image's mask.

    Sorts the hinge errors 1 - (2y - 1)·x and weighs each by what it adds to the Jaccard error.
    Berman, Triki and Blaschko 2018, https://arxiv.org/abs/1705.08790
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = check_reduction(reduction)

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Logits and masks (N, ...) of one shape; "none" gives (N,)."""
        outputs, masks = prediction.flatten(1), target.flatten(1)
        errors, order = (1 - (2 * masks - 1) * outputs).sort(dim=1, descending=True)
        jaccard = _jaccard_errors(masks.gather(1, order))
        slopes = torch.cat([jaccard[:, :1], jaccard.diff(dim=1)], dim=1)
        return reduce((errors.relu() * slopes).sum(dim=1), self.reduction)


def _jaccard_errors(masks: Tensor) -> Tensor:
    """(N, P) masks in order of falling error: 1 - IoU if that pixel and all before it are wrong."""
    total = masks.sum(dim=1, keepdim=True)
    intersection = total - masks.cumsum(dim=1)
    union = total + (1 - masks).cumsum(dim=1)
    return 1 - intersection / union
