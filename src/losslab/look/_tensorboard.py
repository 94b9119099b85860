"""All that leans on how TensorBoard and torch's SummaryWriter are built inside; tests hold each of it.

Tried with the versions below.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

TRIED_WITH = {"tensorboard": "2.21.0", "torch": "2.15.0"}


@contextlib.contextmanager
def quiet_writer_threads() -> Iterator[None]:
    """Without the traceback of TensorBoard's writing thread.

    A full disk ends that thread; the next call of the writer raises its exception again.
    """
    original = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not type(arguments.thread).__module__.startswith("tensorboard."):
            original(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = original


def traced_graph(network: nn.Module, inputs: Tensor) -> Any:
    """What `SummaryWriter.add_graph` makes of a network before it writes it; one trace can serve many runs.

    Raises whatever the network or the tracer raises.
    """
    from torch.utils.tensorboard._pytorch_graph import graph

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit.trace, which TensorBoard's graphs need, is deprecated
        return graph(network, inputs)


def write_graph(writer: Any, graph: Any) -> None:
    """What `SummaryWriter.add_graph` does with what it made."""
    writer._get_file_writer().add_graph(graph)
