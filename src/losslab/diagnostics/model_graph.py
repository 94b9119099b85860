"""The network's graph and its layers with parameter counts, once a run."""

from __future__ import annotations

import contextlib
import html
import io
import warnings
from typing import TYPE_CHECKING

import pytorch_lightning as pl
import torch
from torch import nn

from losslab.diagnostics.layers import weight_layers

if TYPE_CHECKING:
    from losslab.learner import Learner


class ModelGraph(pl.Callback):
    """TensorBoard's Graphs page, and the text `model/layers`: a table of what `layer_1`, ... are."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        learner: Learner = pl_module  # type: ignore[assignment]
        writer, network = learner.logbook.writer, learner.network
        writer.add_text("model/layers", layer_table(network), 0)
        inputs, _ = learner.task.on(learner.device)["train"].head(2)
        training = network.training
        network.eval()  # tracing runs the network: no dropout, no running statistics
        try:
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
                warnings.simplefilter(
                    "ignore"
                )  # torch.jit.trace, which TensorBoard's graphs need, is deprecated
                writer.add_graph(network, inputs)
        except Exception as error:  # whatever a person's own network does to the tracer, it must still train
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            writer.add_text(
                "model/graph", html.escape(f"no graph: the network cannot be traced ({reason})"), 0
            )
        finally:
            network.train(training)


def layer_table(network: nn.Module) -> str:
    """Markdown: label, module and parameters of each layer with a weight, and the network's total."""
    lines = ["| layer | module | kind | weight | parameters |", "|---|---|---|---|---:|"]
    for layer in weight_layers(network):
        shape = " × ".join(str(size) for size in layer.weight.shape)
        count = sum(parameter.numel() for parameter in layer.module.parameters(recurse=False))
        kind = type(layer.module).__name__
        lines.append(
            f"| {layer.label} | `{layer.module_name or '(network)'}` | {kind} | {shape} | {count:,} |"
        )
    total = sum(parameter.numel() for parameter in network.parameters())
    trainable = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    lines.append(f"| **all** | | {type(network).__name__} | | **{total:,}** ({trainable:,} trained) |")
    return "\n".join(lines)
