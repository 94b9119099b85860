"""Training splits made worse on purpose: wrong labels and rare classes, decided by the run's seed.

Only training samples are touched; every arm with the same seed gets the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from losslab.config.settings import CorruptionSettings
from losslab.errors import UserError
from losslab.seeds import generator
from losslab.tasks.kinds import Kind


def corrupted(
    targets: Tensor, train: Tensor, corruption: CorruptionSettings, kind: Kind, seed: int
) -> Tensor:
    """All targets of a task, with a share of those at `train` replaced by wrong ones.

    Args:
        targets: (N, ...); left as they are.
        train: indices of the training samples.
        corruption: a larger share with the same seed corrupts the same samples and some more.
    """
    if corruption.share == 0:
        return targets
    order = torch.randperm(len(train), generator=generator(seed, "corruption", 0))
    chosen = train[order[: round(corruption.share * len(train))]]
    options = {"flip": corruption.flip, "size": corruption.size, "sign": corruption.sign}
    result = targets.clone()
    # Drawn for all training samples, so that a larger share changes the same samples and more.
    wrong = kind.corrupt(targets[train[order]], options, generator(seed, "corruption", 1))
    result[chosen] = wrong[: len(chosen)]
    return result


def imbalanced(targets: Tensor, train: Tensor, kept: Mapping[int, float], kind: Kind, seed: int) -> Tensor:
    """The training indices that are left when only a share of some classes' samples is kept.

    Args:
        kept: class -> share of its training samples to keep, above 0 and up to 1; at least one is kept.
    """
    labels = kind.strata(targets[train])
    if labels is None:
        raise UserError(f"task.imbalanced: {type(kind).__name__.lower()} targets have no classes to cut down")
    keep = torch.ones(len(train), dtype=torch.bool)
    for name, share in kept.items():
        members = (labels == name).nonzero()[:, 0]
        if len(members) == 0:
            raise UserError(
                f"task.imbalanced has a class {name}, which does not occur: the classes are "
                f"{', '.join(str(value) for value in labels.unique().tolist())}"
            )
        order = members[torch.randperm(len(members), generator=generator(seed, "corruption", 2, name))]
        keep[order[max(1, round(share * len(members))) :]] = False
    return train[keep]
