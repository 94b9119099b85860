"""Gradient norm of each layer, before clipping: shows gradients that vanish or explode with depth."""

from __future__ import annotations

import torch

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training

ALL = "all"


class GradientNorms(Diagnostic):
    """Scalars `gradient_norm/LAYER` and `gradient_norm/all`.

    Euclidean norm of the mini-batch gradient of each layer's weight, and of the gradient of all of the
    network's parameters together, biases included: the norm that gradient clipping uses.
    """

    def after_backward(self, training: Training, step: int) -> None:
        gradients = [
            parameter.grad for parameter in training.network.parameters() if parameter.grad is not None
        ]
        layers = [layer for layer in weight_layers(training.network) if layer.weight.grad is not None]
        if not gradients:
            return
        total = torch.nn.utils.get_total_norm(gradients)
        norms = [layer.weight.grad.norm() for layer in layers]  # type: ignore[union-attr]
        values = torch.stack([total, *norms]).tolist()  # one transfer from the device
        labels = [ALL, *(layer.label for layer in layers)]
        training.logbook.measure(step, "gradient_norm", dict(zip(labels, values, strict=True)))
