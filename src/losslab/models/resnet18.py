"""ResNet-18 for images (He et al. 2015, arXiv:1512.03385), torchvision's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import nn
from torchvision.models import resnet18 as torchvision_resnet18

from losslab.errors import UserError
from losslab.models.fit import IMAGE, VECTOR, takes
from losslab.models.swap import swap_activations

# Groups of channels, as in Wu and He 2018, arXiv:1803.08494.
NORMS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm2d, "group": partial(nn.GroupNorm, 32)}


@takes(IMAGE, VECTOR)
def resnet18(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    stem: str,
    norm: str,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features), with random weights.

    https://pytorch.org/vision/stable/models/generated/torchvision.models.resnet18.html

    Args:
        stem: "imagenet" is a 7×7 convolution of stride 2 and pooling, for images of 100 pixels and more;
            "small" a 3×3 convolution of stride 1 without pooling, for images of about 32 pixels.
        norm: "batch" as published, or "group", which does not depend on the batch.
    """
    if stem not in ("imagenet", "small"):
        raise UserError(f"model.stem={stem} does not exist: choose imagenet or small")
    if norm not in NORMS:
        raise UserError(f"model.norm={norm} does not exist: choose one of {', '.join(NORMS)}")
    network = torchvision_resnet18(weights=None, num_classes=output_features, norm_layer=NORMS[norm])
    channels = input_shape[0]
    if stem == "small":
        network.conv1 = nn.Conv2d(channels, 64, kernel_size=3, stride=1, padding=1, bias=False)
        network.maxpool = nn.Identity()
    elif channels != 3:
        network.conv1 = nn.Conv2d(channels, 64, kernel_size=7, stride=2, padding=3, bias=False)
    swap_activations(network, nn.ReLU, activation)
    return network
