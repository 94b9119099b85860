"""Metrics that see raw outputs through a task's own rule: as labels, as probabilities, in the targets' unit.

The rule is applied here, once, and openly. Left to itself torchmetrics guesses by the range of the numbers
whether it was given probabilities or logits, and guesses wrong for outputs that happen to lie in [0, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection


@dataclasses.dataclass
class View:
    """Metrics, and what turns (raw outputs, targets) into what they are fed."""

    rule: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    metrics: Mapping[str, Metric]


class Metrics(nn.Module):
    """The metrics of several views under one roof, with torchmetrics' verbs."""

    def __init__(self, views: Sequence[View]) -> None:
        super().__init__()
        self._rules = [view.rule for view in views]
        self._collections: list[MetricCollection] = [MetricCollection(dict(view.metrics)) for view in views]
        self._registered = nn.ModuleList(self._collections)  # so that `to` moves them

    def update(self, outputs: Tensor, targets: Tensor) -> None:
        """Take in a batch of raw outputs and of targets as the task has them."""
        for rule, collection in zip(self._rules, self._collections, strict=True):
            collection.update(*rule(outputs, targets))

    def compute(self) -> dict[str, Tensor]:
        """Name -> value over all batches since the last reset; a scalar, or a value a class."""
        return {
            name: value for collection in self._collections for name, value in collection.compute().items()
        }

    def names(self) -> list[str]:
        """Of what `compute` returns."""
        return [str(name) for collection in self._collections for name in collection]

    def reset(self) -> None:
        """Forget all batches."""
        for collection in self._collections:
            collection.reset()


def wide(outputs: Tensor) -> Tensor:
    """Raw outputs in float64, where the device has it.

    In float32 the sigmoid of 17 is exactly 1: confident outputs would tie, and rankings get lost.
    """
    return outputs.float() if outputs.device.type == "mps" else outputs.double()


def hard(outputs: Tensor) -> Tensor:
    """Raw outputs as labels: 1 where they are above 0, that is, where their sigmoid is above one half."""
    return (outputs > 0).to(torch.int64)
