"""Fully connected network on the flattened input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import nn
from torchvision.ops import MLP

from losslab.errors import UserError
from losslab.models.fit import VECTOR, takes


@takes(None, VECTOR)
def mlp(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    hidden: Sequence[int],
) -> nn.Module:
    """Any input shape (N, ...) to (N, output_features), by torchvision.ops.MLP.

    https://pytorch.org/vision/stable/generated/torchvision.ops.MLP.html

    Args:
        hidden: width of each hidden layer.
    """
    if any(not isinstance(width, int) or width < 1 for width in hidden):
        raise UserError(f"model.hidden={list(hidden)} is wrong: give positive whole numbers, e.g. [128]")
    layers = MLP(math.prod(input_shape), [*hidden, output_features], activation_layer=activation)
    # MLP ends each layer with Dropout(p=0): left out, since it does nothing but cost time.
    return nn.Sequential(nn.Flatten(), *(layer for layer in layers if not isinstance(layer, nn.Dropout)))
