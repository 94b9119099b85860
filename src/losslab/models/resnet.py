"""Small residual network for small images, as He et al. 2015 (arXiv:1512.03385, section 4.2) for CIFAR-10.

The larger ResNet-18 is in `resnet18.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import nn
from torchvision.models.resnet import BasicBlock

from losslab.errors import UserError
from losslab.models.fit import IMAGE, VECTOR, takes
from losslab.models.swap import swap_activations

# Groups of channels, as in Wu and He 2018, arXiv:1803.08494.
GROUPS = 4
NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "group": partial(nn.GroupNorm, GROUPS),
}


@takes(IMAGE, VECTOR)
def resnet(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    channels: Sequence[int],
    blocks: int,
    norm: str,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features), with 2·blocks·len(channels) + 2 layers.

    The shortcut is a 1×1 convolution where the width changes; the paper pads with zeros there.

    Args:
        channels: width of each stage; each but the first halves the image.
        blocks: residual blocks of two convolutions in each stage.
        norm: "batch" as published, or "group" (in four groups), which does not depend on the batch.
    """
    if not channels or any(not isinstance(width, int) or width < 1 for width in channels):
        raise UserError(f"model.channels={list(channels)} is wrong: give one width or more, e.g. [8, 16, 32]")
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks < 1:
        raise UserError(f"model.blocks={blocks} is wrong: give a whole number from 1")
    if norm not in NORMS:
        raise UserError(f"model.norm={norm} does not exist: choose one of {', '.join(NORMS)}")
    if norm == "group" and any(width % GROUPS for width in channels):
        raise UserError(f"model.channels={list(channels)}: model.norm=group needs multiples of {GROUPS}")
    make_norm = NORMS[norm]
    layers: list[nn.Module] = [
        nn.Conv2d(input_shape[0], channels[0], kernel_size=3, padding=1, bias=False),
        make_norm(channels[0]),
        nn.ReLU(),
    ]
    previous = channels[0]
    for stage, width in enumerate(channels):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            shortcut = None
            if stride > 1 or previous != width:
                shortcut = nn.Sequential(
                    nn.Conv2d(previous, width, kernel_size=1, stride=stride, bias=False), make_norm(width)
                )
            layers.append(BasicBlock(previous, width, stride, shortcut, norm_layer=make_norm))
            previous = width
    network = nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(previous, output_features)
    )
    swap_activations(network, nn.ReLU, activation)
    return network
