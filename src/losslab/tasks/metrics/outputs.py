"""What metrics receive in place of raw outputs.

A kind converts raw outputs itself. torchmetrics would guess from the range of the numbers whether they are
probabilities or logits, and would guess wrong if raw outputs happen to lie in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.wrappers import LambdaInputTransformer


def converted(
    metrics: Mapping[str, Metric],
    prediction: Callable[[Tensor], Tensor],
    target: Callable[[Tensor], Tensor] | None = None,
) -> LambdaInputTransformer:
    """Metrics of `prediction(outputs)` and `target(targets)`; without `target`, of the targets themselves."""
    collection = MetricCollection(dict(metrics))
    return LambdaInputTransformer(collection, prediction, target)  # type: ignore[arg-type]  # it takes both


def wide(outputs: Tensor) -> Tensor:
    """Raw outputs in float64, or float32 on devices without it (mps).

    In float32 the sigmoid of 17 is exactly 1: confident outputs would tie, and their ranking would be lost.
    """
    return outputs.float() if outputs.device.type == "mps" else outputs.double()


def squared_error(probabilities: Tensor, targets: Tensor) -> Tensor:
    """Of probabilities (N, ...) of 1 and targets of 0 and 1, each sample's mean (N,): the Brier score."""
    return (probabilities - targets).square().reshape(len(targets), -1).mean(dim=1)


def hard(outputs: Tensor) -> Tensor:
    """Raw outputs as labels: 1 where they are above 0, so that their sigmoid is above one half."""
    return (outputs > 0).to(torch.int64)
