"""The mean over samples of any function of them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torchmetrics import Metric


class MeanOf(Metric):
    """Mean of `function(prediction, target)`, which gives one value a sample, (N,)."""

    full_state_update = False
    total: Tensor
    count: Tensor

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.add_state("total", torch.tensor(0.0), dist_reduce_fx="sum")
        self.add_state("count", torch.tensor(0), dist_reduce_fx="sum")

    def update(self, prediction: Tensor, target: Tensor) -> None:
        values = self.function(prediction, target)
        self.total += values.sum().to(self.total.dtype)
        self.count += len(values)

    def compute(self) -> Tensor:
        return self.total / self.count
