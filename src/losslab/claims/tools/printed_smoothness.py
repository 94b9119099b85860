"""The segmentation loss as its article prints it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def printed_smoothness_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """0.7·BCE + 0.3·(two mean absolute differences), probabilities (N, C, H, W) to a scalar.

    The first difference runs over the height, the second over the channels: NaN if there is one channel.
    """
    along_height = (prediction[:, :, 1:] - prediction[:, :, :-1]).abs().mean()
    along_channels = (prediction[:, 1:] - prediction[:, :-1]).abs().mean()
    return 0.7 * functional.binary_cross_entropy(prediction, target) + 0.3 * (along_height + along_channels)
