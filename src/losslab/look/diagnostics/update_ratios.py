"""How far one step moves each layer's weights, relative to their size. Too small a step learns nothing,
too large a step forgets; CS231n gives about 1e-3 as healthy:
https://cs231n.github.io/neural-networks-3/#ratio
"""

from __future__ import annotations

import torch
from torch import Tensor

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training


class UpdateRatios(Diagnostic):
    """Scalars `update_ratio/LAYER`: norm of the change of the weight in this step / norm of the weight."""

    def after_backward(self, training: Training, step: int) -> None:
        self._before: list[Tensor] = [
            layer.weight.detach().clone() for layer in weight_layers(training.network)
        ]

    def after_step(self, training: Training, step: int) -> None:
        layers = weight_layers(training.network)
        if not layers:
            return
        ratios = [
            (layer.weight.detach() - before).norm() / before.norm()
            for layer, before in zip(layers, self._before, strict=True)
        ]
        values = torch.stack(ratios).tolist()
        self._before = []
        labels = [layer.label for layer in layers]
        training.logbook.measure(step, "update_ratio", dict(zip(labels, values, strict=True)))
