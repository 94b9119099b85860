"""U-Net for masks (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597), MONAI's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from losslab.errors import UserError
from losslab.models.fit import IMAGE, takes
from losslab.models.swap import swap_activations

# Neither depends on the other samples in the batch. Groups as in Wu and He 2018, arXiv:1803.08494.
NORMS: dict[str, Any] = {
    "instance": ("instance", {"affine": True}),
    "group": ("group", {"num_groups": 4}),
}
LEVELS = 5
SMALLEST = 2**LEVELS  # its lowest level then has 2×2 pixels; a single one has no spread to normalise by


@takes(IMAGE, IMAGE)
def unet(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    channels: Sequence[int],
    norm: str,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features, H, W); two convolutions per level, max pooling in between.

    This is MONAI's BasicUNet. Its UNet with residual units normalises the outputs of each image, and then
    cannot say that one image has more foreground than another.
    https://monai.readthedocs.io/en/stable/networks.html#basicunet

    Args:
        channels: width of each of the five levels; each but the last halves the image.
        norm: "instance", or "group" (in four groups).
    """
    if len(channels) != LEVELS or any(not isinstance(width, int) or width < 1 for width in channels):
        raise UserError(f"model.channels={list(channels)} is wrong: give five widths, [16, 16, 32, 64, 128]")
    if norm not in NORMS:
        raise UserError(f"model.norm={norm} does not exist: choose one of {', '.join(NORMS)}")
    if norm == "group" and any(width % 4 for width in channels):
        raise UserError(f"model.channels={list(channels)}: model.norm=group needs multiples of 4")
    if min(input_shape[1:]) < SMALLEST:
        raise UserError(
            f"model=unet halves the image {LEVELS - 1} times and needs {SMALLEST}×{SMALLEST} pixels; "
            f"the task has {input_shape[1]}×{input_shape[2]}"
        )
    from monai.networks.nets import BasicUNet  # here, because importing MONAI takes a second

    network = BasicUNet(
        spatial_dims=2,
        in_channels=input_shape[0],
        out_channels=output_features,
        features=[*channels, channels[0]],
        act="PRELU",
        norm=NORMS[norm],
    )
    swap_activations(network, nn.PReLU, activation)
    return network
