"""A gradient norm that grows by orders of magnitude while the loss gets worse."""

from __future__ import annotations

import math

from losslab.look.findings.evidence import Evidence, Finding
from losslab.records import DIVERGED

LARGEST_GROWTH = 1e3
SOURCE = (
    "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, "
    "arXiv:1211.5063"
)


def exploding_gradients(evidence: Evidence) -> Finding | None:
    """The norm of the whole gradient rose a thousandfold, and the loss is higher than at the start.

    Growth alone is not enough: the gradient also grows when a network leaves a plateau.
    """
    norms = evidence.measured("gradient_norm").get("all")
    if norms is None or norms.empty:
        return None
    positive = norms[(norms > 0) & norms.map(math.isfinite)]
    infinite = norms[~norms.map(math.isfinite)]
    if positive.empty:
        return None
    start, peak = float(positive.iloc[0]), float(positive.max())
    step = int(positive.index.to_numpy()[positive.argmax()])
    growth = peak / start
    if not _got_worse(evidence, step) or (growth < LARGEST_GROWTH and infinite.empty):
        return None
    if growth < LARGEST_GROWTH:
        broke = int(infinite.index[0])
        numbers = {"first_norm": start, "step": broke}
        return Finding(
            f"the gradient norm was {start:.2g} at first and not finite at step {broke}", numbers, SOURCE
        )
    return Finding(
        f"the gradient norm rose {_times(growth)} by step {step}, from {start:.2g} to {peak:.2g}",
        {"growth": growth, "first_norm": start, "largest_norm": peak, "step": step},
        SOURCE,
    )


def _times(growth: float) -> str:
    return f"{growth:,.0f}×" if growth < 1e5 else f"{growth:.0e}×"


def _got_worse(evidence: Evidence, step: int) -> bool:
    if evidence.record.status == DIVERGED:
        return True
    loss = evidence.curve("train", "batch_loss")
    later = loss[loss.index >= step]
    return len(loss) > 1 and float((later if len(later) else loss).iloc[0]) > float(loss.iloc[0])
