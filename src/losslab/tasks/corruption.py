"""Training splits made worse on purpose: wrong labels, and classes cut down. Decided by the run's seed.

Only training samples are touched; every arm with the same seed gets the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from losslab.errors import UserError
from losslab.seeds import generator
from losslab.tasks.kinds import Kind


def corrupted(targets: Tensor, train: Tensor, config: Mapping[str, Any], kind: Kind, seed: int) -> Tensor:
    """All targets of a task, with a share of those at `train` replaced by wrong ones.

    Args:
        targets: (N, ...); left as they are.
        train: indices of the training samples.
        config: the task's `corruption`: {"share", and what the kind wants to know}. A larger share with the
            same seed corrupts the same samples and some more.
    """
    unknown = set(config) - {"share", "size", "sign"}
    if unknown:
        raise UserError(f"task.corruption.{min(unknown)} is not known: its keys are share, size and sign")
    share = config.get("share", 0.0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise UserError(
            f"task.corruption.share={share} is wrong: give a share of the training labels from 0 to 1"
        )
    if share == 0:
        return targets
    order = torch.randperm(len(train), generator=generator(seed, "corruption", 0))
    chosen = train[order[: round(share * len(train))]]
    options = {key: value for key, value in config.items() if key != "share"}
    result = targets.clone()
    # Drawn for all training samples, so that each one's fate does not depend on the share.
    wrong = kind.corrupt(targets[train[order]], options, generator(seed, "corruption", 1))
    result[chosen] = wrong[: len(chosen)]
    return result


def imbalanced(targets: Tensor, train: Tensor, config: Mapping[Any, float], kind: Kind, seed: int) -> Tensor:
    """The training indices that are left when only a share of some classes' samples is kept.

    Args:
        config: class -> share of its training samples that stay, above 0 and up to 1; at least one stays.
    """
    labels = kind.strata(targets[train])
    if labels is None:
        raise UserError(f"task.imbalanced: {type(kind).__name__.lower()} targets have no classes to cut down")
    if not isinstance(config, Mapping) or not all(str(name).isdecimal() for name in config):
        raise UserError(
            f"task.imbalanced={config} is not understood: give {{class: share}}, e.g. {{9: 0.05}}"
        )
    keep = torch.ones(len(train), dtype=torch.bool)
    for name, share in config.items():
        members = (labels == int(name)).nonzero()[:, 0]
        if len(members) == 0:
            raise UserError(
                f"task.imbalanced has a class {name}, which does not occur: the classes are "
                f"{', '.join(str(value) for value in labels.unique().tolist())}"
            )
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise UserError(
                f"task.imbalanced.{name}={share} is wrong: give the share of the class's training samples "
                "that stays, above 0 and up to 1"
            )
        order = members[torch.randperm(len(members), generator=generator(seed, "corruption", 2, int(name)))]
        keep[order[max(1, round(share * len(members))) :]] = False
    return train[keep]
