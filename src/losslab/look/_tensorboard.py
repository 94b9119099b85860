"""All code that depends on how TensorBoard and torch's SummaryWriter work inside. Each part has a test.

Tried with the versions below.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

TRIED_WITH = {"tensorboard": "2.21.0", "torch": "2.15.0"}


@contextlib.contextmanager
def quiet_writer_threads() -> Iterator[None]:
    """Suppresses the traceback of TensorBoard's writing thread.

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
    """The graph that `SummaryWriter.add_graph` makes of a network; one trace can serve many runs.

    Raises any exception of the network or the tracer.
    """
    import torch  # here, because reports use this file without torch
    from torch.utils.tensorboard._pytorch_graph import graph

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        warnings.simplefilter("ignore")  # torch.jit.trace, which TensorBoard's graphs need, is deprecated
        return graph(network, inputs)


def write_graph(writer: Any, graph: Any) -> None:
    """Writes a graph as `SummaryWriter.add_graph` does."""
    writer._get_file_writer().add_graph(graph)
