"""A network from the groups model, activation and init."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from losslab.errors import UserError
from losslab.instantiation import make
from losslab.seeds import stream_seed


class Activations:
    """Makes the network's activations, a fresh module at each call: each layer owns its parameters."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    def __call__(self, **_: Any) -> nn.Module:
        made = make(self.config, where="activation")
        if not isinstance(made, nn.Module):
            raise UserError(f"activation={self.config.get('_target_')} is not a torch.nn.Module")
        return made


def build_network(
    model: Mapping[str, Any],
    activation: Mapping[str, Any],
    init: Mapping[str, Any],
    input_shape: tuple[int, ...],
    output_features: int,
    seed: int,
) -> nn.Module:
    """The network with its initial weights, which follow from `seed` alone.

    A model's function gets `input_shape`, `output_features` and `activation`, a function that makes one.
    Raises UserError where the model does not take inputs of this shape.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "weights"))
        constructor = make({**model, "_partial_": True}, where="model")
        try:
            network = constructor(
                input_shape=input_shape, output_features=output_features, activation=Activations(activation)
            )
        except TypeError as error:  # an argument that the model does not have
            raise UserError(f"model: {model.get('_target_')} could not be made: {error}") from error
        initialise(network, init)
    return network


def initialise(network: nn.Module, config: Mapping[str, Any]) -> None:
    """Apply the functions of the group `init` to weights (2 or more dimensions) and biases of layers.

    Null leaves what torch did when the layer was made. Parameters of activations and of normalisation
    layers are not touched.
    """
    weight, bias = (
        make(config[part], where=f"init.{part}") if config.get(part) else None for part in ("weight", "bias")
    )
    for layer in network.modules():
        parameters = dict(layer.named_parameters(recurse=False))
        if "weight" not in parameters or parameters["weight"].ndim < 2:
            continue
        if weight is not None:
            weight(parameters["weight"])
        if bias is not None and "bias" in parameters:
            bias(parameters["bias"])
