"""U-Net for masks (Ronneberger, Fischer and Brox 2015, arXiv:1505.04597), of MONAI's parts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from losslab.errors import UserError
from losslab.models.fit import IMAGE, takes
from losslab.models.swap import swap_activations

# Neither depends on the other samples in the batch. Groups as in Wu and He 2018, arXiv:1803.08494.
NORMS: dict[str, Any] = {
    "instance": ("instance", {"affine": True}),
    "group": ("group", {"num_groups": 4}),
}


class UNet(nn.Module):
    """MONAI's BasicUNet, but with any number of levels; with five, its weights and outputs are the same.

    https://monai.readthedocs.io/en/stable/networks.html#basicunet
    """

    def __init__(self, in_channels: int, out_channels: int, channels: Sequence[int], norm: Any) -> None:
        from monai.networks.nets.basic_unet import Down, TwoConv, UpCat  # importing MONAI takes a second

        super().__init__()
        options: dict[str, Any] = {"act": "PRELU", "norm": norm, "bias": True, "dropout": 0.0}
        pairs = list(itertools.pairwise(channels))
        self.first = TwoConv(2, in_channels, channels[0], **options)
        self.down = nn.ModuleList(Down(2, upper, lower, **options) for upper, lower in pairs)
        self.up = nn.ModuleList(
            UpCat(2, lower, upper, upper, **options, halves=level > 0)
            for level, (upper, lower) in reversed(list(enumerate(pairs)))
        )
        self.last = nn.Conv2d(channels[0], out_channels, kernel_size=1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, out_channels, H, W)."""
        levels = [self.first(images)]
        for down in self.down:
            levels.append(down(levels[-1]))
        found: Tensor = levels.pop()
        for up in self.up:
            found = up(found, levels.pop())
        outputs: Tensor = self.last(found)
        return outputs


@takes(IMAGE, IMAGE)
def unet(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    channels: Sequence[int],
    norm: str,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features, H, W); two convolutions per level, max pooling in between.

    MONAI's UNet with residual units would normalise the outputs of each image, and then could not say that
    one image has more foreground than another.

    Args:
        channels: width of each level, two or more; each but the last halves the image.
        norm: "instance", or "group" (in four groups).
    """
    if len(channels) < 2 or any(not isinstance(width, int) or width < 1 for width in channels):
        raise UserError(
            f"model.channels={list(channels)} is wrong: give two widths or more, e.g. [16, 16, 32, 64, 128]"
        )
    if norm not in NORMS:
        raise UserError(f"model.norm={norm} does not exist: choose one of {', '.join(NORMS)}")
    if norm == "group" and any(width % 4 for width in channels):
        raise UserError(f"model.channels={list(channels)}: model.norm=group needs multiples of 4")
    # The lowest level then has 2×2 pixels; a single one has no spread to normalise by.
    smallest = 2 ** len(channels)
    if min(input_shape[1:]) < smallest:
        raise UserError(
            f"model=unet halves the image {len(channels) - 1} times and needs {smallest}×{smallest} pixels; "
            f"the task has {input_shape[1]}×{input_shape[2]}"
        )
    network = UNet(input_shape[0], output_features, channels, NORMS[norm])
    swap_activations(network, nn.PReLU, activation)
    return network
