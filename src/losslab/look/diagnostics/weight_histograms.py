"""Distribution of each layer's gradient, as back-propagated and before clipping, and of its weights."""

from __future__ import annotations

from losslab.look.diagnostics import histogram
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training


class WeightHistograms(Diagnostic):
    """Histograms `gradients/LAYER` and `weights/LAYER`, both of the weights that the forward pass used."""

    def after_backward(self, training: Training, step: int) -> None:
        summaries = {}
        for layer in weight_layers(training.network):
            if layer.weight.grad is not None:
                summaries[f"gradients/{layer.label}"] = histogram.summarise(layer.weight.grad)
            summaries[f"weights/{layer.label}"] = histogram.summarise(layer.weight)
        histogram.write(training.logbook.writer, step, summaries)
