"""Puts the chosen activation into a ready-made network, in place of its own."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


def swap_activations(network: nn.Module, old: type[nn.Module], activation: Callable[..., nn.Module]) -> None:
    """Replace each module of type `old` in `network`, in order, with a new one made by `activation`."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, old):
                setattr(module, name, activation())
