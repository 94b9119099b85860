"""A network from the groups model, activation and init."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from losslab.config.instantiation import make
from losslab.config.settings import ActivationSettings, InitSettings, LayersSettings, Target
from losslab.errors import UserError
from losslab.seeds import stream_seed


class Activations:
    """Makes the network's activations: a new module at each call, so that each layer has its own parameters.

    With `layers`, a list, each call takes the next entry.
    """

    def __init__(self, settings: ActivationSettings) -> None:
        self.settings = settings
        self.made = 0

    def __call__(self, **_: Any) -> nn.Module:
        target = self.settings
        if isinstance(target, LayersSettings):
            target = target.layers[min(self.made, len(target.layers) - 1)]
        self.made += 1
        made = make(target, where="activation")
        if not isinstance(made, nn.Module):
            raise UserError(f"activation={target.target} is not a torch.nn.Module")
        return made

    def check_count(self) -> None:
        """Raises UserError where the list does not have an entry for each activation of the model."""
        if isinstance(self.settings, LayersSettings) and len(self.settings.layers) != self.made:
            raise UserError(
                f"activation.layers has {len(self.settings.layers)} entries, but the model has "
                f"{self.made} activations: give one for each"
            )


def build_network(
    model: Target,
    activation: ActivationSettings,
    init: InitSettings,
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
        constructor = make(model.with_arguments(_partial_=True), where="model")
        activations = Activations(activation)
        try:
            network = constructor(
                input_shape=input_shape, output_features=output_features, activation=activations
            )
        except TypeError as error:  # an argument that the model does not have
            raise UserError(
                f"model: {model.target} could not be made: {error}; a model is called with input_shape, "
                "output_features, activation and the keys of the section model; '~model.KEY' leaves one out"
            ) from error
        activations.check_count()
        _materialise(network, input_shape)
        initialise(network, init)
        if init.data_driven is not None:
            if inputs is None:
                raise UserError("init.data_driven needs training inputs")
            make(init.data_driven, where="init.data_driven")(network, inputs())
    return network


def _materialise(network: nn.Module, input_shape: tuple[int, ...]) -> None:
    """Run one batch through modules that learn their shapes from the first one."""
    if any(isinstance(parameter, nn.UninitializedParameter) for parameter in network.parameters()):
        network(torch.zeros(2, *input_shape))


def initialise(network: nn.Module, init: InitSettings) -> None:
    """Apply the functions of the group `init` to weights (2 or more dimensions) and biases of layers.

    Null keeps the values that torch chose when it made the layer. Parameters of activations and of
    normalisation layers are left alone.
    """
    weight = None if init.weight is None else make(init.weight, where="init.weight")
    bias = None if init.bias is None else make(init.bias, where="init.bias")
    for layer in network.modules():
        parameters = dict(layer.named_parameters(recurse=False))
        if "weight" not in parameters or parameters["weight"].ndim < 2:
            continue
        if weight is not None:
            weight(parameters["weight"])
        if bias is not None and "bias" in parameters:
            bias(parameters["bias"])


@torch.no_grad()
def share_weights(source: nn.Module, target: nn.Module) -> None:
    """Gives `target` the weights of `source`, a network that differs only in having fewer outputs.

    All parameters of one shape become equal. Of the output layer's, the first rows do: where the outputs are
    means and variances, those of the means.
    """
    for old, new in zip(source.parameters(), target.parameters(), strict=True):
        new[: len(old)].copy_(old) if old.ndim else new.copy_(old)
