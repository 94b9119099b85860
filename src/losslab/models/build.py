"""A network from the groups model, activation and init."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslab.config.instantiation import make
from losslab.errors import UserError
from losslab.seeds import stream_seed


class Activations:
    """Makes the network's activations: a new module at each call, so that each layer has its own parameters.

    With `layers`, a list, each call takes the next entry.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.layers = config.get("layers")
        if self.layers is not None and (not isinstance(self.layers, list) or not self.layers):
            raise UserError(f"activation.layers={self.layers} is wrong: give a list like [relu, sigmoid]")
        self.config = config
        self.made = 0

    def __call__(self, **_: Any) -> nn.Module:
        config = self.config
        if self.layers is not None:
            config = self.layers[min(self.made, len(self.layers) - 1)]
        self.made += 1
        if not isinstance(config, Mapping):
            raise UserError(f"activation.layers: {config} is neither a name nor {{_target_: ...}}")
        made = make(config, where="activation")
        if not isinstance(made, nn.Module):
            raise UserError(f"activation={config.get('_target_')} is not a torch.nn.Module")
        return made

    def check_count(self) -> None:
        """Raises UserError where the list does not have an entry for each activation of the model."""
        if self.layers is not None and len(self.layers) != self.made:
            raise UserError(
                f"activation.layers has {len(self.layers)} entries, but the model has "
                f"{self.made} activations: give one for each"
            )


def build_network(
    model: Mapping[str, Any],
    activation: Mapping[str, Any],
    init: Mapping[str, Any],
    input_shape: tuple[int, ...],
    output_features: int,
    seed: int,
    inputs: Callable[[], Tensor] | None = None,
) -> nn.Module:
    """The network with its initial weights, which follow from `seed` alone, or from it and `inputs`.

    A model's function is given `input_shape`, `output_features` and `activation`, a function that makes one.
    Raises UserError if the model does not take inputs of this shape.

    Args:
        inputs: returns some training inputs (N, ...); called only if `init` has `data_driven`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, "weights"))
        constructor = make({**model, "_partial_": True}, where="model")
        activations = Activations(activation)
        try:
            network = constructor(
                input_shape=input_shape, output_features=output_features, activation=activations
            )
        except TypeError as error:  # an argument that the model does not have
            raise UserError(f"model: {model.get('_target_')} could not be made: {error}") from error
        activations.check_count()
        _materialise(network, input_shape)
        initialise(network, init)
        if init.get("data_driven"):
            if inputs is None:
                raise UserError("init.data_driven needs training inputs")
            make(init["data_driven"], where="init.data_driven")(network, inputs())
    return network


def _materialise(network: nn.Module, input_shape: tuple[int, ...]) -> None:
    """Run one batch through modules that learn their shapes from the first one."""
    if any(isinstance(parameter, nn.UninitializedParameter) for parameter in network.parameters()):
        network(torch.zeros(2, *input_shape))


def initialise(network: nn.Module, config: Mapping[str, Any]) -> None:
    """Apply the functions of the group `init` to weights (2 or more dimensions) and biases of layers.

    Null keeps the values that torch chose when it made the layer. Parameters of activations and of
    normalisation layers are left alone.
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
