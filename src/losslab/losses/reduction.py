"""The reductions of torch's losses, for losslab's own."""

from __future__ import annotations

from torch import Tensor

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction: str) -> str:
    """`reduction` itself; raises ValueError if it is not one of REDUCTIONS."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction={reduction} does not exist: choose one of {', '.join(REDUCTIONS)}")
    return reduction


def reduce(losses: Tensor, reduction: str) -> Tensor:
    """The mean or the sum of losses of any shape, or the losses as they are."""
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
