"""Distribution of each layer's gradient, as back-propagated and before clipping, and of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losslab.look.diagnostics import histogram
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.layers import weight_layers

if TYPE_CHECKING:
    from losslab.train.learner import Learner


class WeightHistograms(Diagnostic):
    """Histograms `gradients/LAYER` and `weights/LAYER`, both of the weights that the forward pass used."""

    def after_backward(self, learner: Learner, step: int) -> None:
        summaries = {}
        for layer in weight_layers(learner.network):
            if layer.weight.grad is not None:
                summaries[f"gradients/{layer.label}"] = histogram.summarise(layer.weight.grad)
            summaries[f"weights/{layer.label}"] = histogram.summarise(layer.weight)
        histogram.write(learner.logbook.writer, step, summaries)
