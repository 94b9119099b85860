"""The penultimate layer's features of validation samples, for TensorBoard's projector."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training, Watcher


class Embeddings(Watcher):
    """At the end of training: the inputs of the last layer for the first `samples` validation samples.

    Targets become labels if there is one per sample, and inputs become thumbnails if they are images.
    Features of more than two dimensions are averaged over space.
    """

    def __init__(self, samples: int = 500) -> None:
        self.samples = samples

    @torch.no_grad()
    def finished(self, training: Training) -> None:
        inputs, targets = training.sample("validation", self.samples)
        features = penultimate(training.network, inputs)
        if features is None or features.shape[0] != len(inputs) or not bool(features.isfinite().all()):
            return
        training.logbook.writer.add_embedding(
            features,
            metadata=[str(target) for target in targets.tolist()] if targets.ndim == 1 else None,
            label_img=_thumbnails(inputs),
            global_step=training.step,
            tag="penultimate_layer",
        )


def penultimate(network: torch.nn.Module, inputs: Tensor) -> Tensor | None:
    """(N, features): the input of the layer that runs last; None for a network without layers."""
    seen: list[Tensor] = []

    def look(module: Any, arguments: tuple[Any, ...]) -> None:
        seen[:] = [arguments[0].detach()]

    handles = [layer.module.register_forward_pre_hook(look) for layer in weight_layers(network)]
    training = network.training
    network.eval()
    try:
        network(inputs)
    finally:
        network.train(training)
        for handle in handles:
            handle.remove()
    if not seen:
        return None
    return seen[0].flatten(2).mean(dim=2) if seen[0].ndim > 2 else seen[0]


def _thumbnails(inputs: Tensor) -> Tensor | None:
    """(N, 3, H, W) in [0, 1]; None if the inputs are not images that a browser can show at this size."""
    if inputs.ndim != 4 or inputs.shape[1] not in (1, 3) or max(inputs.shape[2:]) > 64:
        return None
    if inputs.shape[2] != inputs.shape[3]:  # TensorBoard's sprites are square
        return None
    low, high = inputs.min(), inputs.max()
    return ((inputs - low) / (high - low).clamp(min=1e-12)).expand(-1, 3, -1, -1)
