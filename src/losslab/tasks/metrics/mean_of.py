"""The mean over samples of any function of prediction and target."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torchmetrics import MeanMetric


class MeanOf(MeanMetric):
    """Mean of `function(prediction, target)`, which gives one value per sample, (N,); NaN stays NaN.

    Neither direction is better; for errors, `MeanErrorOf` says that lower is.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__(nan_strategy="disable")
        self.function = function

    def update(self, prediction: Tensor, target: Tensor) -> None:  # type: ignore[override]
        super().update(self.function(prediction, target))


class MeanErrorOf(MeanOf):
    """Mean of a function that measures errors: lower is better."""

    higher_is_better = False  # type: ignore[assignment]
