"""The median of absolute errors: what half of the predictions are better than."""

from __future__ import annotations

from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


class MedianAbsoluteError(Metric):
    """Median over all values of |prediction - target|; of an even number the lower middle one.

    https://scikit-learn.org/stable/modules/generated/sklearn.metrics.median_absolute_error.html
    """

    full_state_update = False
    errors: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("errors", default=[], dist_reduce_fx="cat")

    def update(self, prediction: Tensor, target: Tensor) -> None:
        self.errors.append((prediction - target).abs().flatten())

    def compute(self) -> Tensor:
        return dim_zero_cat(self.errors).median()
