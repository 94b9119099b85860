"""Fully connected network on the flattened input."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import nn
from torchvision.ops import MLP

from losslab.errors import UserError
from losslab.models.fit import VECTOR, takes

NORMS: dict[str, Callable[[int], nn.Module]] = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm}


@takes(None, VECTOR)
def mlp(
    input_shape: tuple[int, ...],
    output_features: int,
    activation: Callable[..., nn.Module],
    hidden: Sequence[int],
    norm: str | None = None,
    dropout: float = 0.0,
) -> nn.Module:
    """Any input shape (N, ...) to (N, output_features), by torchvision.ops.MLP.

    https://pytorch.org/vision/stable/generated/torchvision.ops.MLP.html

    Args:
        hidden: width of each hidden layer.
        norm: "batch" or "layer" normalisation before each activation, or None.
        dropout: probability, from 0 to below 1, with which each hidden unit is dropped after its activation.
    """
    if not isinstance(hidden, Sequence):
        raise UserError(f"model.hidden={hidden} is wrong: give a list of widths, e.g. [{hidden}]")
    if any(not isinstance(width, int) or width < 1 for width in hidden):
        raise UserError(f"model.hidden={list(hidden)} is wrong: give positive whole numbers, e.g. [128]")
    if norm is not None and norm not in NORMS:
        raise UserError(f"model.norm={norm} does not exist: choose one of {', '.join(NORMS)}, or null")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise UserError(f"model.dropout={dropout} is wrong: give a probability from 0 to below 1")
    layers = MLP(
        math.prod(input_shape),
        [*hidden, output_features],
        norm_layer=NORMS[norm] if norm else None,
        activation_layer=activation,
        dropout=dropout,
    )
    # MLP ends in a Dropout, which would drop outputs; with p=0 the others do nothing but cost time.
    kept = [layer for layer in list(layers)[:-1] if dropout or not isinstance(layer, nn.Dropout)]
    return nn.Sequential(nn.Flatten(), *kept)
