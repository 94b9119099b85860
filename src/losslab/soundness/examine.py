"""All checks on one subject."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any

import torch

from losslab.soundness import (
    batch,
    derivatives,
    extremes,
    masks,
    minimum,
    precision,
    shapes,
    speed,
    transforms,
)
from losslab.soundness.marks import VERDICTS, Finding
from losslab.soundness.subject import Subject, value_and_gradient

CHECKS = (
    shapes.returns_scalar,
    minimum.minimum,
    derivatives.first,
    derivatives.second,
    derivatives.kinks,
    extremes.large_outputs,
    extremes.confident_mistakes,
    precision.reduced,
    precision.autocast,
    batch.order,
    batch.reductions,
    batch.composition,
    masks.uniform_masks,
    speed.time_needed,
    transforms.compiled,
    transforms.vmapped,
)


@dataclasses.dataclass
class Examination:
    """What was found out about a subject."""

    target: str
    kind: str
    findings: list[Finding]

    @property
    def verdict(self) -> str:
        """The worst of the findings."""
        return max((finding.verdict for finding in self.findings), key=VERDICTS.index)

    def as_data(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "verdict": self.verdict}


def examine(subject: Subject, machine_code: bool = False) -> Examination:
    """Run every check. Where a loss gives no scalar with a gradient the others have nothing to look at.

    Args:
        machine_code: also compile with torch's default backend.
    """
    checks = (*CHECKS, transforms.compiled_to_machine_code) if machine_code else CHECKS
    findings = []
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # what they warn of is measured
        for check in checks:
            torch.manual_seed(0)
            findings.append(check(subject))
            if findings[-1].check == shapes.returns_scalar.check_name and not _usable(subject):  # type: ignore[attr-defined]
                break
    return Examination(subject.name, subject.kind.name, findings)


def _usable(subject: Subject) -> bool:
    try:
        value_and_gradient(subject.criterion(), subject.kind.outputs(), subject.encoded(subject.targets()))
    except Exception:
        return False
    return True
