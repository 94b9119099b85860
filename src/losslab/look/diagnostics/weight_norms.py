"""How large the weights are."""

from __future__ import annotations

import torch

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.gradient_norms import ALL
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training


class WeightNorms(Diagnostic):
    """Scalars `weight_norm/LAYER` and `weight_norm/all`.

    Euclidean norm of each layer's weight, and of all of the network's parameters together, biases included.
    """

    def after_step(self, training: Training, step: int) -> None:
        with torch.no_grad():
            layers = weight_layers(training.network)
            total = torch.nn.utils.get_total_norm(list(training.network.parameters()))
            values = torch.stack([total, *(layer.weight.norm() for layer in layers)]).tolist()
        labels = [ALL, *(layer.label for layer in layers)]
        training.logbook.measure(step, "weight_norm", dict(zip(labels, values, strict=True)))
