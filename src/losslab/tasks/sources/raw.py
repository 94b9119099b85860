"""All samples of a data set, before they are split, as every source returns them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Subset

from losslab.errors import UserError


@dataclasses.dataclass
class Raw:
    """All samples of a data set.

    Attributes:
        inputs: (N, ...) unscaled; uint8 stands for [0, 1] in 255 steps. None if `dataset` is used.
        targets: (N, ...) as the data set has them.
        is_test: (N,) bool, True for the data set's own test samples; None if it has none.
        dataset: yields (input, target), for data that are read one by one.
        class_names: names of the classes, by index; None if they have none.
    """

    inputs: Tensor | None
    targets: Tensor
    is_test: Tensor | None = None
    dataset: Dataset[Any] | None = None
    class_names: list[str] | None = None

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
        )

    def input_at(self, index: int) -> Tensor:
        """One input, unscaled."""
        if self.inputs is not None:
            return self.inputs[index]
        assert self.dataset is not None
        return torch.as_tensor(self.dataset[index][0])

    def all_inputs(self) -> Tensor:
        """All inputs in memory, read from `dataset` if it is used."""
        if self.inputs is not None:
            return self.inputs
        return torch.stack([self.input_at(index) for index in range(len(self))])

    @classmethod
    def from_user(cls, value: Any, where: str) -> Raw:
        """From what the user's own function returned: a pair of arrays, or a Dataset of pairs.

        Raises UserError for anything else, and for arrays that do not fit each other.
        """
        if isinstance(value, tuple) and len(value) == 2:
            inputs, targets = (_tensor(part, where) for part in value)
            if inputs.ndim < 1 or targets.ndim < 1 or len(inputs) != len(targets):
                raise UserError(
                    f"{where} returned inputs of shape {tuple(inputs.shape)} but targets of shape "
                    f"{tuple(targets.shape)}: both need one row per sample"
                )
            if inputs.dtype != torch.uint8:
                inputs = inputs.float()
            if inputs.ndim == 1:
                inputs = inputs.unsqueeze(1)
            _refuse_missing(inputs, f"{where}: inputs")
            _refuse_missing(targets, f"{where}: targets")
            return cls(inputs, targets)
        if isinstance(value, Dataset):
            count = len(value)  # type: ignore[arg-type]
            if count == 0:
                raise UserError(f"{where} returned a Dataset without samples")
            targets = torch.stack([torch.as_tensor(value[index][1]) for index in range(count)])
            return cls(None, targets, dataset=value)
        raise UserError(
            f"{where} returned {type(value).__name__}: it must return (inputs, targets) or a torch Dataset"
        )


def _tensor(part: Any, where: str) -> Tensor:
    try:
        return torch.as_tensor(part if isinstance(part, Tensor) else np.asarray(part))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"{where} did not return an array of numbers: {str(error).splitlines()[0]}") from None


def _refuse_missing(values: Tensor, what: str) -> None:
    if not values.dtype.is_floating_point:
        return
    bad = ~values.flatten(1).isfinite().all(dim=1) if values.ndim > 1 else ~values.isfinite()
    if rows := bad.nonzero()[:, 0].tolist():
        raise UserError(f"{what} hold NaN or infinity in {len(rows)} of {len(values)} samples: {named(rows)}")


def named(rows: list[int]) -> str:
    """The first rows of a list, in words."""
    return ", ".join(str(row) for row in rows[:5]) + (", ..." if len(rows) > 5 else "")
