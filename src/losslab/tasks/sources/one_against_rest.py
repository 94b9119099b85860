"""One class against all others, as rare as you like: a binary task made from one with several classes."""

from __future__ import annotations

import dataclasses

import torch

from losslab.errors import UserError
from losslab.tasks.sources.raw import Raw


def one_against_rest(classes: Raw, positive_class: int, positive_share: float | None, seed: int) -> Raw:
    """Target 1 for `positive_class`, 0 for all others.

    Args:
        classes: samples with class indices.
        positive_share: share of positives, in training and in test samples alike; surplus positives (or
            negatives, if there are too few positives) are left out at random. Null keeps all samples.
        seed: decides which samples are left out; the same for every run.
    """
    positive = classes.targets == positive_class
    if not bool(positive.any()):
        raise UserError(
            f"task.source.positive_class={positive_class} does not occur: the classes are "
            f"{', '.join(str(value) for value in classes.targets.unique().tolist())}"
        )
    name = str(positive_class) if classes.class_names is None else classes.class_names[positive_class]
    binary = dataclasses.replace(classes, targets=positive.long(), class_names=["rest", name])
    if positive_share is None:
        return binary
    if not isinstance(positive_share, float) or not 0 < positive_share < 1:
        raise UserError(
            f"task.source.positive_share={positive_share} is wrong: give a share between 0 and 1, or null"
        )
    generator = torch.Generator().manual_seed(seed)
    keep = torch.zeros(len(classes), dtype=torch.bool)
    origin = classes.is_test if classes.is_test is not None else torch.zeros(len(classes), dtype=torch.bool)
    for part in origin.unique():
        members = origin == part
        there = [(members & (positive == value)).nonzero()[:, 0] for value in (False, True)]
        negatives, positives = (group[torch.randperm(len(group), generator=generator)] for group in there)
        wanted = min(len(positives), round(len(negatives) * positive_share / (1 - positive_share)))
        if wanted == 0:
            raise UserError(f"task.source.positive_share={positive_share} leaves no positive sample")
        keep[positives[:wanted]] = True
        keep[negatives[: round(wanted * (1 - positive_share) / positive_share)]] = True
    return binary.only(keep)
