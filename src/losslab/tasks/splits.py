"""Train / validation / test: fixed by the task's own seed, the same for every run, stratified by class."""

from __future__ import annotations

from typing import Any

import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from losslab.errors import UserError
from losslab.tasks.kinds import Kind
from losslab.tasks.sources import Raw


def split_indices(
    raw: Raw, kind: Kind, validation: float | int, test: float | int | None, seed: int
) -> dict[str, Tensor]:
    """Indices into `raw`, ascending, by split.

    Args:
        validation: share (below 1) or number of the samples that are not test samples by origin.
        test: the same; null where the data set brings its own test samples.
        seed: of the split alone; a run's seed does not touch it.
    """
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


def _count(size: Any, total: int, name: str) -> int:
    """`size` as a number of samples: a float is a share of `total`."""
    if isinstance(size, bool) or not isinstance(size, int | float) or size <= 0:
        raise UserError(
            f"task.split.{name}={size} is wrong: give a share between 0 and 1, or a number of samples"
        )
    count = round(size * total) if isinstance(size, float) and size < 1 else int(size)
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
