"""The median of absolute errors: half of the predictions are better than it."""

from __future__ import annotations

from torch import Tensor
from torchmetrics import CatMetric


class MedianAbsoluteError(CatMetric):
    """Median over all values of |prediction - target|; of two middle values, the lower one.

    https://scikit-learn.org/stable/modules/generated/sklearn.metrics.median_absolute_error.html
    """

    higher_is_better = False  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(nan_strategy="disable")

    def update(self, prediction: Tensor, target: Tensor) -> None:  # type: ignore[override]
        super().update((prediction - target).abs().flatten())

    def compute(self) -> Tensor:
        return super().compute().median()
