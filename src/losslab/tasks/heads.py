"""What a network's outputs stand for in regression: a value, a mean and a variance, or a histogram.

A loss names the head that it needs. Every head gives a mean, in the scale that losses see; the task's metrics
are computed from it, so that losses with different heads can be compared.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from typing_extensions import Self

from losslab.errors import UserError


class Head(ABC):
    """For D targets a sample the network has D · `outputs` outputs, ordered as (outputs, D).

    Attributes:
        outputs: of the network for each target.
        target_forms: further forms in which losses may take targets, as in `Kind.target_forms`: name ->
            function from (head, targets as losses see them).
    """

    outputs: int
    target_forms: ClassVar[Mapping[str, Callable[[Any, Tensor], Tensor]]] = {}

    def fitted(self, low: Tensor, high: Tensor) -> Self:
        """The head for targets from `low` to `high`, (D,) each."""
        return self

    @abstractmethod
    def mean(self, outputs: Tensor) -> Tensor:
        """The predicted mean, (N, D · outputs) to (N, D)."""

    @abstractmethod
    def predicting(self, values: Tensor) -> Tensor:
        """Some outputs whose mean is `values`, (N, D) to (N, D · outputs)."""


class Value(Head):
    """The output is the prediction."""

    outputs = 1

    def mean(self, outputs: Tensor) -> Tensor:
        return outputs

    def predicting(self, values: Tensor) -> Tensor:
        return values


class MeanAndVariance(Head):
    """First the D means, then D real numbers from which the loss makes variances."""

    outputs = 2

    def mean(self, outputs: Tensor) -> Tensor:
        return outputs.chunk(2, dim=1)[0]

    def predicting(self, values: Tensor) -> Tensor:
        return torch.cat([values, torch.zeros_like(values)], dim=1)


class Histogram(Head):
    """Logits of equally wide bins over the range of the training targets; the prediction is the expectation.

    Imani and White 2018, arXiv:1806.04613.

    Args:
        bins: number of bins of each target.
        padding: so many of them lie beyond the range at either side, for the flanks of smoothed targets.

    Raises UserError if no bin is left for the range.
    """

    target_forms: ClassVar = {"bins": lambda head, targets: head.bins(targets)}

    def __init__(self, bins: int = 100, padding: int = 6) -> None:
        if any(isinstance(count, bool) or not isinstance(count, int) for count in (bins, padding)):
            raise UserError(f"loss.head: bins={bins} and padding={padding} must be whole numbers")
        if padding < 0 or bins <= 2 * padding:
            raise UserError(f"loss.head.bins={bins} leaves no bin between twice padding={padding}: give more")
        self.outputs = bins
        self.padding = padding
        self._start, self._width = torch.zeros(1), torch.ones(1)

    def fitted(self, low: Tensor, high: Tensor) -> Self:
        fitted = copy.copy(self)
        width = (high - low) / (self.outputs - 2 * self.padding)
        fitted._width = torch.where(width > 0, width, torch.ones_like(width))
        fitted._start = low - self.padding * fitted._width
        return fitted

    def mean(self, outputs: Tensor) -> Tensor:
        share = outputs.unflatten(1, (self.outputs, -1)).softmax(dim=1)
        middles = torch.arange(self.outputs, device=outputs.device, dtype=outputs.dtype) + 0.5
        expected = (share * middles[:, None]).sum(dim=1)
        return expected * self._width.to(outputs) + self._start.to(outputs)

    def predicting(self, values: Tensor) -> Tensor:
        middles = torch.arange(self.outputs, device=values.device, dtype=values.dtype) + 0.5
        distance = middles[:, None] - self.bins(values)[:, None]
        return (-distance.square() / 8).flatten(1)  # a bell two bins wide

    def bins(self, targets: Tensor) -> Tensor:
        """Targets (N, D) in units of bins; beyond the outermost edges they count as lying on those."""
        return ((targets - self._start.to(targets)) / self._width.to(targets)).clamp(0, self.outputs)
