"""The network's graph and its layers with parameter counts, once per run."""

from __future__ import annotations

import html
from typing import Any

from torch import Tensor, nn

from losslab.look._tensorboard import traced_graph, write_graph
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training, Watcher


class ModelGraph(Watcher):
    """TensorBoard's Graphs page, and the text `model/layers`: a table that explains `layer_1`, ...."""

    def started(self, training: Training) -> None:
        writer, network = training.logbook.writer, training.network
        writer.add_text("model/layers", layer_table(network), 0)
        inputs, _ = training.sample("train", 2)
        try:
            write_graph(writer, _graph(network, inputs))
        except Exception as error:  # the user's own network may break the tracer, but must still train
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            writer.add_text(
                "model/graph", html.escape(f"no graph: the network cannot be traced ({reason})"), 0
            )


# Each trace leaves about 0.1 MB in torch's compiler, and the runs of a sweep share their networks.
_traced: dict[Any, Any] = {}
_MOST_TRACED = 32
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


def _graph(network: nn.Module, inputs: Tensor) -> Any:
    """What TensorBoard's Graphs page shows; from an earlier run if the network was the same."""
    structure = _structure(network)
    key = None if structure is None else (structure, tuple(inputs.shape), inputs.dtype, inputs.device)
    if key is None or key not in _traced:
        found = _trace(network, inputs)
        if key is None:
            return found
        if len(_traced) >= _MOST_TRACED:
            _traced.clear()
        _traced[key] = found
    return _traced[key]


def _trace(network: nn.Module, inputs: Tensor) -> Any:
    training = network.training
    network.eval()  # tracing runs the network: no dropout, no running statistics
    try:
        return traced_graph(network, inputs)
    finally:
        network.train(training)


def _structure(network: nn.Module) -> tuple[Any, ...] | None:
    """All that can change a graph: modules, shapes, plain attributes; None if there are other attributes."""
    found: list[Any] = []
    for name, module in network.named_modules():
        own = {key: value for key, value in vars(module).items() if key not in _OF_EVERY_MODULE}
        if not all(_is_plain(value) for value in own.values()):
            return None
        found.append((name, type(module), repr(sorted(own.items()))))
    tensors = [*network.named_parameters(), *network.named_buffers()]
    return (*found, *((name, tuple(tensor.shape), tensor.dtype) for name, tensor in tensors))


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


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
