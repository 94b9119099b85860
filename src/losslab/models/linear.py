"""One affine map of the flattened input."""

from __future__ import annotations

import math
from typing import Any

from torch import nn

from losslab.models.fit import VECTOR, takes


@takes(None, VECTOR)
def linear(input_shape: tuple[int, ...], output_features: int, activation: Any) -> nn.Module:
    """Any input shape (N, ...) to (N, output_features), without an activation."""
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(input_shape), output_features))
