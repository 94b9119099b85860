"""U-Net for masks (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597), MONAI's with residual units."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from losslab.errors import UserError
from losslab.models.fit import IMAGE, takes
from losslab.models.swap import swap_activations

NORMS = ("instance", "group")


@takes(IMAGE, IMAGE)
def unet(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    channels: Sequence[int],
    residual_units: int,
    norm: str,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features, H, W).

    https://monai.readthedocs.io/en/stable/networks.html#unet

    Args:
        channels: width of each level; each level but the last halves the image.
        residual_units: convolutions in a level's residual unit; 0 for one plain convolution.
        norm: "instance" or "group" (in four groups): neither depends on the other samples of the batch.
    """
    if len(channels) < 2 or any(not isinstance(width, int) or width < 1 for width in channels):
        raise UserError(
            f"model.channels={list(channels)} is wrong: give two or more widths, e.g. [16, 32, 64]"
        )
    if norm not in NORMS or (norm == "group" and any(width % 4 for width in channels)):
        raise UserError(
            f"model.norm={norm} with model.channels={list(channels)} does not work: choose one of "
            f"{', '.join(NORMS)}; group needs widths that 4 divides"
        )
    step = 2 ** (len(channels) - 1)
    if any(size % step or size < step for size in input_shape[1:]):
        raise UserError(
            f"model.channels={list(channels)} halves the image {len(channels) - 1} times: {step} must divide "
            f"its height and width; the task has {input_shape[1]}×{input_shape[2]}"
        )
    from monai.networks.nets import UNet  # here, because importing MONAI takes a second

    network = UNet(
        spatial_dims=2,
        in_channels=input_shape[0],
        out_channels=output_features,
        channels=list(channels),
        strides=[2] * (len(channels) - 1),
        num_res_units=residual_units,
        act="PRELU",
        norm="INSTANCE" if norm == "instance" else ("GROUP", {"num_groups": 4}),
    )
    swap_activations(network, nn.PReLU, activation)
    return network
