"""The diagnosis in words: one rule a file, from what a run measured to a sentence with its numbers.

`RULES` are tried in this order. A rule is a pure function from Evidence to a Finding, or None where it has
nothing to say; it names the paper or page that its threshold leans on.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from losslab.look.findings.clipped_gradients import clipped_gradients
from losslab.look.findings.dead_units import dead_units
from losslab.look.findings.divergence import divergence
from losslab.look.findings.evidence import NOTE, PROBLEM, Evidence, Finding, loss_floor
from losslab.look.findings.exploding_gradients import exploding_gradients
from losslab.look.findings.loss_at_floor import loss_at_floor
from losslab.look.findings.saturated_outputs import saturated_outputs
from losslab.look.findings.saturated_units import saturated_units
from losslab.look.findings.stalled_loss import stalled_loss
from losslab.look.findings.update_size import update_size
from losslab.look.findings.vanishing_gradients import vanishing_gradients
from losslab.records import RecordedFinding

__all__ = ["NOTE", "PROBLEM", "RULES", "Evidence", "Finding", "as_markdown", "diagnose", "loss_floor"]

RULES: tuple[Callable[[Evidence], Finding | None], ...] = (
    divergence,
    exploding_gradients,
    vanishing_gradients,
    dead_units,
    saturated_units,
    saturated_outputs,
    loss_at_floor,
    stalled_loss,
    update_size,
    clipped_gradients,
)


def diagnose(
    evidence: Evidence, rules: Iterable[Callable[[Evidence], Finding | None]] = RULES
) -> list[RecordedFinding]:
    """The findings as they stand in the record: rule, severity, text, numbers, source.

    A rule that fails says so in its finding: no training is lost to a bug in what is said about it.
    """
    found: list[RecordedFinding] = []
    for rule in rules:
        try:
            finding = rule(evidence)
        except Exception as error:
            text = f"this rule failed with {type(error).__name__}: {error}"
            found.append(
                {
                    "rule": rule.__name__,
                    "severity": "bug",
                    "text": text,
                    "numbers": {},
                    "source": traceback.format_exc(),
                }
            )
        else:
            if finding is not None:
                plain = {"rule": rule.__name__, **dataclasses.asdict(finding)}
                found.append(cast("RecordedFinding", plain))
    return found


def title(rule: str) -> str:
    """A rule's name for people: "vanishing gradients"."""
    return rule.replace("_", " ")


def as_markdown(findings: Iterable[Mapping[str, Any]]) -> str:
    """The findings as TensorBoard's text page shows them. The texts hold no markup of their own."""
    lines = [
        f"- **{title(finding['rule'])}** ({finding['severity']}): {_escaped(finding['text'])}"
        + (f" [{_escaped(finding['source'])}]" if finding["severity"] != "bug" else "")
        for finding in findings
    ]
    return "\n".join(lines) or "Nothing found: no rule has anything to say about this run."


def _escaped(text: str) -> str:
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*_|[]":
        text = text.replace(character, f"\\{character}")
    return text
