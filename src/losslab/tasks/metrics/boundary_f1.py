"""How well the outline of a mask is predicted, regardless of its interior."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d
from torchmetrics import Metric


class BoundaryF1(Metric):
    """F1 of boundary pixels, pooled over all images; a match lies within `tolerance` pixels (Chebyshev).

    Precision is the share of predicted boundary pixels near a true one, recall the reverse (Csurka, Larlus
    and Perronnin 2013, "What is a good evaluation measure for semantic segmentation?"). A boundary pixel
    belongs to the mask, and at least one of its eight neighbours does not; the edge of the image does not
    count as a boundary. 0 if nothing matches, 1 if neither mask has a boundary.

    Args:
        tolerance: in pixels; with 0 only the same pixel matches.
    """

    full_state_update = False
    higher_is_better = True
    predicted: Tensor
    predicted_near: Tensor
    true: Tensor
    true_near: Tensor

    def __init__(self, tolerance: int = 1) -> None:
        super().__init__()
        self.tolerance = tolerance
        for name in ("predicted", "predicted_near", "true", "true_near"):
            self.add_state(name, torch.tensor(0), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, target: Tensor) -> None:
        """Masks (N, 1, H, W) of 0 and 1."""
        predicted, true = boundary(prediction), boundary(target)
        self.predicted += predicted.sum()
        self.true += true.sum()
        self.predicted_near += (predicted & self._near(true)).sum()
        self.true_near += (true & self._near(predicted)).sum()

    def compute(self) -> Tensor:
        if self.predicted + self.true == 0:
            return torch.ones((), device=self.predicted.device)
        precision = self.predicted_near / self.predicted.clamp(min=1)
        recall = self.true_near / self.true.clamp(min=1)
        return 2 * precision * recall / (precision + recall).clamp(min=1e-12)

    def _near(self, pixels: Tensor) -> Tensor:
        reach = self.tolerance
        return max_pool2d(pixels.float(), 2 * reach + 1, stride=1, padding=reach) > 0


def boundary(mask: Tensor) -> Tensor:
    """Pixels of the mask (N, 1, H, W) with at least one of their eight neighbours outside it, as bool."""
    outside = max_pool2d(1 - mask.float(), kernel_size=3, stride=1, padding=1) > 0
    return (mask > 0) & outside
