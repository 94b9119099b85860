"""Networks of the package's own config, without composing a whole run."""

from __future__ import annotations

from typing import Any

from torch import nn

from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder
from losslab.config.settings import InitSettings, Target, validated
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
        validated(Target, {**catalogue.load("model", model, folders), **arguments}, where="model"),
        validated(Target, catalogue.load("activation", activation, folders), where="activation"),
        InitSettings(),
        input_shape,
        output_features,
        seed,
    )
