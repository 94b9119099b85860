"""Small convolutional network for images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import nn

from losslab.errors import UserError
from losslab.models.fit import IMAGE, VECTOR, takes


@takes(IMAGE, VECTOR)
def cnn(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    channels: Sequence[int],
    hidden: int,
) -> nn.Module:
    """Images (N, C, H, W) to (N, output_features).

    Args:
        channels: a 3×3 convolution, an activation and 2×2 max pooling for each entry.
        hidden: width of the fully connected layer before the output.
    """
    smallest = min(input_shape[1:]) >> len(channels)
    if smallest < 1:
        raise UserError(
            f"model.channels={list(channels)} halves the image {len(channels)} times, "
            f"too often for inputs of {input_shape[1]}×{input_shape[2]}"
        )
    layers: list[nn.Module] = []
    previous = input_shape[0]
    for width in channels:
        layers += [nn.Conv2d(previous, width, kernel_size=3, padding=1), activation(), nn.MaxPool2d(2)]
        previous = width
    height, width = (size >> len(channels) for size in input_shape[1:])
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(previous * height * width, hidden),
        activation(),
        nn.Linear(hidden, output_features),
    )
