"""Networks of the package's own config, without composing a whole run."""

from __future__ import annotations

from typing import Any

from torch import nn

from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder
from losslab.models.build import build_network


def network(
    model: str,
    activation: str,
    input_shape: tuple[int, ...],
    output_features: int,
    seed: int,
    **arguments: Any,
) -> nn.Module:
    """A network of conf/model with torch's default initial weights."""
    folders = [package_folder("conf")]
    return build_network(
        {**catalogue.load("model", model, folders), **arguments},
        catalogue.load("activation", activation, folders),
        catalogue.load("init", "default", folders),
        input_shape,
        output_features,
        seed,
    )
