"""The gradient that reaches each hidden layer's output: shows gradients that vanish or explode with depth.

Unlike the norm of a weight's gradient (`gradient_norms.py`), it does not depend on the weight's shape and
inputs, so that layers of different shape can be compared.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from losslab.look.diagnostics.activations import attach
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.watcher import Training


class ActivationGradients(Diagnostic):
    """Scalars `activation_gradient/LAYER`.

    Root mean square, over the samples, units and positions of the mini-batch, of the loss's gradient with
    respect to the output of each hidden layer's activation: the square root of the variance that Glorot and
    Bengio 2010 (https://proceedings.mlr.press/v9/glorot10a.html) follow from layer to layer.
    """

    def before_forward(self, training: Training, step: int) -> None:
        self._seen: dict[str, Tensor] = {}

        def see(label: str, module: nn.Module, output: Tensor) -> None:
            if output.requires_grad:
                output.register_hook(self.hook(lambda gradient: self._keep(label, gradient)))

        self._handles: list[Any] = attach(training.network, self.hook(see))

    def _keep(self, label: str, gradient: Tensor) -> None:
        values = gradient.detach().float()
        largest = values.abs().amax()  # so that squares of tiny gradients do not underflow
        relative = values / largest.clamp_min(torch.finfo(torch.float32).tiny)
        self._seen[label] = largest * relative.square().mean().sqrt()

    def after_backward(self, training: Training, step: int) -> None:
        for handle in self._handles:
            handle.remove()
        if self._seen:
            labels = sorted(self._seen)  # backward meets the last layer first
            values = torch.stack([self._seen[label] for label in labels]).tolist()
            training.logbook.measure(step, "activation_gradient", dict(zip(labels, values, strict=True)))
