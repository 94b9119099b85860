"""Layer-sequential unit-variance initialisation: weights scaled by the outputs that layers really have."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.errors import UserError


@torch.no_grad()
def lsuv(network: nn.Module, inputs: Tensor, tolerance: float = 0.05, max_iterations: int = 10) -> None:
    """Scale each layer's weight, from the first to the last, until its outputs have variance 1 on `inputs`.

    Mishkin and Matas 2015, https://arxiv.org/abs/1511.06422. Layers are modules with a weight of two or more
    dimensions; a layer whose outputs do not vary is left alone.

    Args:
        inputs: (N, ...) training inputs.
        tolerance: largest distance of the variance from 1 that is accepted.
        max_iterations: how often one layer is scaled at most.
    """
    if tolerance <= 0 or max_iterations < 1:
        raise UserError("init.data_driven: tolerance must be above 0 and max_iterations at least 1")
    weights = [(layer, layer.weight) for layer in network.modules() if _is_layer(layer)]
    for layer, weight in weights:
        assert isinstance(weight, Tensor)
        for _ in range(max_iterations):
            variance = _output_variance(network, layer, inputs)
            if variance == 0 or abs(variance - 1) < tolerance:
                break
            weight.div_(variance**0.5)


def _is_layer(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, Tensor) and weight.ndim >= 2


def _output_variance(network: nn.Module, layer: nn.Module, inputs: Tensor) -> float:
    seen: list[Tensor] = []
    handle = layer.register_forward_hook(lambda module, arguments, output: seen.append(output))
    try:
        network(inputs)
    finally:
        handle.remove()
    return float(seen[0].var()) if seen else 0.0
