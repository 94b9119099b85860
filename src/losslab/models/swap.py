"""Ready-made networks with our activations in the place of their own."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def swap_activations(network: nn.Module, old: type[nn.Module], activation: Callable[..., nn.Module]) -> None:
    """Replace each module of type `old` in `network`, in the order of its modules, by one of `activation`."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, old):
                setattr(module, name, activation())
