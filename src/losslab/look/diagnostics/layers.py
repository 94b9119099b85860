"""How layers are named: `layer_1` is the first with a weight matrix or kernel, counted from the input.

Arms that differ in loss or activation then share their tags, so that TensorBoard shows them in one chart.
"""

from __future__ import annotations

import dataclasses

from torch import nn


@dataclasses.dataclass(frozen=True)
class Layer:
    """A weight of two or more dimensions and the module that owns it.

    Attributes:
        label: "layer_1", "layer_2", ... in the order in which the network defines them.
        module: e.g. the Linear or Conv2d.
        module_name: its dotted name in the network.
        weight: the parameter itself, which may have another name than `weight`.
    """

    label: str
    module: nn.Module
    module_name: str
    weight: nn.Parameter


def weight_layers(network: nn.Module) -> list[Layer]:
    """All layers with a weight; biases, normalisation and activation parameters do not count as layers."""
    found: list[Layer] = []
    seen: set[int] = set()
    for module_name, module in network.named_modules():
        for parameter in module.parameters(recurse=False):
            if parameter.ndim > 1 and id(parameter) not in seen:  # a shared weight is one layer
                seen.add(id(parameter))
                found.append(Layer(f"layer_{len(found) + 1}", module, module_name, parameter))
    return found
