"""What the user's own function returned: arrays or a Dataset, checked and converted."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from losslab.errors import UserError, first_line
from losslab.tasks.sources.raw import Raw, refuse_unusable

_UNSIGNED = (torch.uint16, torch.uint32, torch.uint64)  # for which torch has few operations


def from_user(value: Any, where: str) -> Raw:
    """From a pair of arrays, or a Dataset of pairs.

    Raises UserError for anything else, and for arrays that do not fit each other.
    """
    if isinstance(value, Dataset):
        return Raw(None, _targets_of(value, where), dataset=value)
    if not isinstance(value, tuple) or len(value) != 2:
        raise UserError(
            f"{where} returned {type(value).__name__}: it must return (inputs, targets) or a torch Dataset"
        )
    inputs, targets = _tensor(value[0], f"{where}: inputs"), _tensor(value[1], f"{where}: targets")
    if inputs.ndim < 1 or targets.ndim < 1 or len(inputs) != len(targets):
        raise UserError(
            f"{where} returned inputs of shape {tuple(inputs.shape)} but targets of shape "
            f"{tuple(targets.shape)}: both need one row per sample"
        )
    for name, values in (("inputs", inputs), ("targets", targets)):
        if values.numel() == 0:
            raise UserError(f"{where} returned {name} of shape {tuple(values.shape)}, which hold no values")
    refuse_unusable(inputs, f"{where}: inputs")
    refuse_unusable(targets, f"{where}: targets")
    if inputs.ndim == 1:
        inputs = inputs.unsqueeze(1)
    return Raw(inputs if inputs.dtype == torch.uint8 else inputs.float(), targets)


def _tensor(part: Any, what: str) -> Tensor:
    """An array of real numbers as a tensor, whatever its byte order and memory layout."""
    if np.ma.is_masked(part):
        count = int(np.ma.count_masked(part))
        raise UserError(
            f"{what} are a masked array with {count} masked values: fill them in or leave them out"
        )
    try:
        array = part if isinstance(part, Tensor) else np.asarray(part)
    except (TypeError, ValueError) as error:  # rows of different lengths
        raise UserError(f"{what} are not an array of numbers: {first_line(error)}") from None
    is_complex = array.is_complex() if isinstance(array, Tensor) else array.dtype.kind == "c"
    if is_complex:
        raise UserError(f"{what} are complex numbers: give real and imaginary part as two features")
    if isinstance(array, Tensor):
        if array.dtype not in _UNSIGNED:
            return array.detach()
        array = array.detach().cpu().numpy()
    if array.dtype.kind not in "biuf":
        raise UserError(f"{what} are not an array of numbers but of {array.dtype}")
    if array.dtype.itemsize > 8:
        array = array.astype(np.float64)  # torch has no longer ones
    elif array.dtype.kind == "u" and array.dtype.itemsize > 1:
        if array.size and array.max() > np.iinfo(np.int64).max:
            raise UserError(
                f"{what} are whole numbers up to {array.max()}, and the largest is {np.iinfo(np.int64).max}: "
                "give them as floats"
            )
        array = array.astype(np.int64)
    if any(stride < 0 for stride in array.strides):
        array = array.copy()  # a single row counts as contiguous in whatever direction
    return torch.from_numpy(np.require(array, array.dtype.newbyteorder("="), ["C", "W"]))


def _targets_of(dataset: Any, where: str) -> Tensor:
    """The targets of all samples, (N, ...)."""
    if not hasattr(dataset, "__len__"):
        raise UserError(f"{where} returned a Dataset without a length: it needs __len__ and __getitem__")
    if len(dataset) == 0:
        raise UserError(f"{where} returned a Dataset without samples")
    sample = dataset[0]
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise UserError(
            f"{where} returned a Dataset of {type(sample).__name__}: samples must be (input, target)"
        )
    _tensor(sample[0], f"{where}: the Dataset's inputs")
    what = f"{where}: the Dataset's targets"
    found = [_tensor(dataset[index][1], what) for index in range(len(dataset))]
    try:
        targets = torch.stack(found)
    except RuntimeError as error:
        raise UserError(f"{what} are of different shapes or types: {first_line(error)}") from None
    refuse_unusable(targets, what)
    return targets
