"""All samples of a data set, before they are split, as every source returns them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from losslab.errors import UserError, first_line

if TYPE_CHECKING:
    from losslab.tasks.augmentation import Augmentation
    from losslab.tasks.sources.columns import Columns

LARGEST = float(torch.finfo(torch.float32).max)


@dataclasses.dataclass
class Raw:
    """All samples of a data set.

    Attributes:
        inputs: (N, ...) unscaled; uint8 stands for [0, 1] in 255 steps. None with `dataset` or `columns`.
        targets: (N, ...) as the data set has them.
        is_test: (N,) bool, True for the data set's own test samples; None if it has none.
        dataset: yields (input, target), for data that are read one by one.
        class_names: names of the classes, by index; None if they have none.
        columns: features of a table, which become inputs when the training rows are known.
        augmentation: random changes of the training inputs, drawn anew for each batch.
    """

    inputs: Tensor | None
    targets: Tensor
    is_test: Tensor | None = None
    dataset: Dataset[Any] | None = None
    class_names: list[str] | None = None
    columns: Columns | None = None
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def only(self, keep: Tensor) -> Raw:
        """The samples where `keep` (N,) is True."""
        if bool(keep.all()):
            return self
        return dataclasses.replace(
            self,
            inputs=None if self.inputs is None else self.inputs[keep],
            targets=self.targets[keep],
            is_test=None if self.is_test is None else self.is_test[keep],
            dataset=None if self.dataset is None else Subset(self.dataset, keep.nonzero()[:, 0].tolist()),
            columns=None if self.columns is None else self.columns.only(keep),
        )

    def encoded(self, train: Tensor) -> Raw:
        """With the features of a table as inputs; what must be fitted is fitted on the samples `train`."""
        if self.columns is None:
            return self
        return dataclasses.replace(self, inputs=self.columns.encoded(train), columns=None)

    def input_at(self, index: int) -> Tensor:
        """One input, unscaled."""
        if self.inputs is not None:
            return self.inputs[index]
        if self.columns is not None:
            return torch.zeros(len(self.columns.numbers.columns))  # before encoding only its rank is known
        assert self.dataset is not None
        return torch.as_tensor(self.dataset[index][0])

    def all_inputs(self) -> Tensor:
        """All inputs in memory, read from `dataset` if it is used."""
        if self.inputs is not None:
            return self.inputs
        try:
            inputs = torch.stack([self.input_at(index) for index in range(len(self))])
        except RuntimeError as error:
            raise UserError(f"the Dataset's inputs cannot be put together: {first_line(error)}") from None
        refuse_unusable(inputs, "the Dataset's inputs")
        return inputs


def refuse_unusable(values: Tensor, what: str) -> None:
    """Refuses samples (N, ...) with NaN, infinity, or numbers that are infinite in float32."""
    if not values.dtype.is_floating_point:
        return
    bad = ~values.float().reshape(len(values), -1).isfinite().all(dim=1)
    if rows := bad.nonzero()[:, 0].tolist():
        raise UserError(
            f"{what} hold NaN, infinity or numbers beyond {LARGEST:.1e} in {len(rows)} of {len(bad)} "
            f"samples: {named(rows)}"
        )


def named(rows: list[int]) -> str:
    """The first rows of a list, in words."""
    return ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
