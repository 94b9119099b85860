"""How many threads of the processor a run computes with.

Threads that share a busy core wait for each other: beside other work on two cores, two threads took 1.2 to
1.6 times as long as one when they slept while waiting, and 3 to 80 times when they spun (docs/benchmarks.md).
So networks of the size that losslab is made for get one thread, and the last digits of their results do not
depend on the machine's load. Larger ones get the cores that are free.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from losslab.config.settings import TrainerSettings
from losslab.tasks import Task

# Floating-point operations of a training step: about a second on one core.
LARGE = 20e9
FORWARDS = 3  # a step costs about as much as so many forward passes


@contextlib.contextmanager
def chosen(settings: TrainerSettings, network: nn.Module, task: Task) -> Iterator[None]:
    """Computes with `trainer.threads` inside it; `auto` respects OMP_NUM_THREADS, see `automatic`."""
    before = torch.get_num_threads()
    if isinstance(settings.threads, int):
        torch.set_num_threads(settings.threads)
    elif "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(automatic(operations(settings, network, task)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def automatic(step: float) -> int:
    """One thread, and for a `step` of LARGE operations or more as many as there are free cores."""
    return _free_cores() if step >= LARGE else 1


def operations(settings: TrainerSettings, network: nn.Module, task: Task) -> float:
    """Floating-point operations of a training step, roughly: each weight counts at each output position.

    Not torch.utils.flop_counter, which is more exact but takes half a second to import.
    """
    inputs, _ = task.splits["train"].sample(2)
    found = 0.0

    def count(layer: nn.Module, _: object, output: object) -> None:
        nonlocal found
        weight = getattr(layer, "weight", None)
        if isinstance(weight, Tensor) and isinstance(output, Tensor) and weight.ndim > 1:
            found += 2 * weight.numel() * output.numel() / weight.shape[0]

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            network(inputs)
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    return found / len(inputs) * FORWARDS * settings.batch_size


@functools.cache  # all runs of a process alike, whatever they add to the load
def _free_cores() -> int:
    cores = torch.get_num_threads()
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, cores - round(busy))
