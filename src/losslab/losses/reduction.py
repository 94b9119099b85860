"""The reductions of torch's losses, for ours."""

from __future__ import annotations

from torch import Tensor

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction: str) -> str:
    """`reduction` itself; raises ValueError where it is none of REDUCTIONS."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction={reduction} does not exist: choose one of {', '.join(REDUCTIONS)}")
    return reduction


def reduce(losses: Tensor, reduction: str) -> Tensor:
    """Losses of any shape to their mean, their sum, or as they are."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
