"""A loss that is no longer finite, or that ended far above where it began."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding
from losslab.records import DIVERGED

LARGEST_RISE = 2.0
SOURCE = (
    "Goodfellow, Bengio and Courville 2016, Deep Learning, sections 8.2.4 and 8.3.1, "
    "https://www.deeplearningbook.org/contents/optimization.html"
)


def divergence(evidence: Evidence) -> Finding | None:
    """The run diverged; or it finished with a training loss of more than twice the first."""
    record = evidence.record
    loss = evidence.curve("train", "batch_loss" if record.status == DIVERGED else "loss")
    rate = record.config.get("optimizer", {}).get("lr")
    with_rate = "" if rate is None else f", at learning rate {rate:g}"
    numbers = {} if rate is None else {"learning_rate": float(rate)}
    if len(loss):
        numbers |= {"first_loss": float(loss.iloc[0]), "last_loss": float(loss.iloc[-1])}
    if record.status == DIVERGED and record.diverged_at is not None:
        course = f" (first {loss.iloc[0]:.3g}, last noted {loss.iloc[-1]:.3g})" if len(loss) else ""
        return Finding(
            f"the loss or the weights were no longer finite at step {record.diverged_at}{with_rate}{course}",
            numbers | {"step": record.diverged_at},
            SOURCE,
        )
    if len(loss) < 2 or not loss.iloc[-1] > LARGEST_RISE * loss.iloc[0] > 0:
        return None
    return Finding(
        f"the training loss rose from {loss.iloc[0]:.3g} to {loss.iloc[-1]:.3g}{with_rate}", numbers, SOURCE
    )
