"""Train / validation / test: fixed by the task's own seed, the same for every run, stratified by class."""

from __future__ import annotations

import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from losslab.config.settings import SplitSettings
from losslab.errors import UserError
from losslab.tasks.kinds import Kind
from losslab.tasks.sources import Raw


def split_indices(raw: Raw, kind: Kind, split: SplitSettings) -> dict[str, Tensor]:
    """Indices into `raw`, ascending, by split.

    Args:
        split: `validation` is a share or number of the samples outside the data set's own test samples.
    """
    validation, test, seed = split.validation, split.test, split.seed
    everything = torch.arange(len(raw))
    rest = everything if raw.is_test is None else everything[~raw.is_test]
    if raw.is_test is not None:
        if test is not None:
            raise UserError(f"task.split.test={test}: this data set has its own test samples, set it to null")
        test_part = everything[raw.is_test]
        rest, validation_part = _cut(rest, raw, kind, validation, seed, "validation")
    else:
        if test is None:
            raise UserError("task.split.test is null, but this data set has no test samples of its own")
        total = len(rest)
        rest, test_part = _cut(rest, raw, kind, _count(test, total, "test"), seed, "test")
        rest, validation_part = _cut(
            rest, raw, kind, _count(validation, total, "validation"), seed, "validation"
        )
    return {"train": rest, "validation": validation_part, "test": test_part}


def _count(size: float | int, total: int, name: str) -> int:
    """`size` as a number of samples: below 1 it is a share of `total`."""
    count = round(size * total) if size < 1 else int(size)
    if not 0 < count < total:
        raise UserError(
            f"task.split.{name}={size} leaves nothing of the {total} samples for the other splits"
        )
    return count


def _cut(
    indices: Tensor, raw: Raw, kind: Kind, size: float | int, seed: int, name: str
) -> tuple[Tensor, Tensor]:
    count = _count(size, len(indices), name)
    labels = kind.strata(raw.targets[indices])
    try:
        rest, part = train_test_split(
            indices.numpy(),
            test_size=count,
            random_state=seed,
            stratify=None if labels is None else labels.numpy(),
        )
    except ValueError as error:
        raise UserError(f"task.split.{name}={size} cannot be cut off evenly by class: {error}") from None
    return torch.from_numpy(rest).sort().values, torch.from_numpy(part).sort().values
