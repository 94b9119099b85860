"""A loss that hardly moved."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding
from losslab.records import FINISHED

SMALLEST_FALL = 0.02
SOURCE = "CS231n, Babysitting the learning process: loss function, https://cs231n.github.io/neural-networks-3/#loss"


def stalled_loss(evidence: Evidence) -> Finding | None:
    """A finished run whose training loss moved by less than 2 % of the way to its floor, or to zero."""
    loss = evidence.curve("train", "loss")
    if evidence.record.status != FINISHED or len(loss) < 2:
        return None
    start, end = float(loss.iloc[0]), float(loss.iloc[-1])
    way = start - (evidence.floor if evidence.floor is not None else 0.0)
    if way <= 0 or abs(start - end) >= SMALLEST_FALL * way:
        return None
    steps = evidence.record.steps
    return Finding(
        f"the training loss hardly moved in {steps:,} steps: from {start:.4g} to {end:.4g}",
        {"first_loss": start, "last_loss": end, "steps": steps},
        SOURCE,
    )
