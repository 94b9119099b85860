"""Findings in words: one rule per file, from a run's measurements to a sentence with its numbers.

A rule is a pure function from Evidence to a Finding, or None if it finds nothing. It names the paper or
page that its threshold is based on. `RULES` are the functions with the name of their file, so a new file is
found automatically.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from losslab.look.findings.evidence import NOTE, PROBLEM, Evidence, Finding, loss_floor
from losslab.look.internal_errors import InternalErrors
from losslab.records import RecordedFinding

__all__ = [
    "NOTE",
    "PROBLEM",
    "RULES",
    "Evidence",
    "Finding",
    "Rule",
    "as_markdown",
    "diagnose",
    "escaped",
    "loss_floor",
    "title",
]

Rule = Callable[[Evidence], Finding | None]
RULES: tuple[Rule, ...] = tuple(
    getattr(importlib.import_module(f"{__name__}.{module.name}"), module.name)
    for module in pkgutil.iter_modules(__path__)
    if module.name != "evidence"
)


def diagnose(
    evidence: Evidence, errors: InternalErrors, rules: Iterable[Rule] = RULES
) -> list[RecordedFinding]:
    """The findings as recorded: rule, severity, text, numbers, source; problems first.

    A rule that fails is recorded in `errors`, so that a bug in a rule never costs a training.
    """
    found: list[RecordedFinding] = []
    for rule in rules:
        with errors.contained(f"the rule {rule.__name__}"):
            if (finding := rule(evidence)) is not None:
                plain = {"rule": rule.__name__, **dataclasses.asdict(finding)}
                found.append(cast("RecordedFinding", plain))
    return sorted(found, key=lambda finding: finding["severity"] != PROBLEM)


def title(rule: str) -> str:
    """A rule's name as shown to the user: "vanishing gradients"."""
    return rule.replace("_", " ")


def as_markdown(findings: Iterable[Mapping[str, Any]]) -> str:
    """The findings for TensorBoard's text page. The texts contain no markup of their own."""
    lines = [
        f"- **{title(finding['rule'])}** ({finding['severity']}): {escaped(finding['text'])} "
        f"[{escaped(finding['source'])}]"
        for finding in findings
    ]
    return "\n".join(lines) or "Nothing found: no rule applies to this run."


def escaped(text: str) -> str:
    """`text` as Markdown that shows it as it is, in one line."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for character in "\\`*_|[]":
        text = text.replace(character, f"\\{character}")
    return text
