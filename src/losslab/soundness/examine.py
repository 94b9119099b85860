"""The whole examination of one subject: every mark, and the worst of them as the verdict."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
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
from losslab.soundness.marks import VERDICTS, Mark
from losslab.soundness.subject import Subject, value_and_gradient

EXAMINED = (
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
    """The result for a subject: its name, the kind of targets that it was given, and the marks."""

    target: str
    kind: str
    marks: list[Mark]

    @property
    def verdict(self) -> str:
        """The worst of the marks' verdicts."""
        return worst(self.marks)

    def as_data(self) -> dict[str, Any]:
        """What `losslab-check --json` prints: target, kind, verdict, and each mark as a mapping."""
        return {**dataclasses.asdict(self), "verdict": self.verdict}


def worst(marks: Iterable[Mark]) -> str:
    """The worst verdict of some marks."""
    return max((mark.verdict for mark in marks), key=VERDICTS.index)


def examine(subject: Subject, machine_code: bool = False) -> Examination:
    """Gives every mark; only the first if the loss does not return a scalar with a gradient.

    Args:
        machine_code: also compile with torch's default backend.
    """
    functions = (*EXAMINED, transforms.compiled_to_machine_code) if machine_code else EXAMINED
    marks = []
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # the marks measure what they warn about
        for function in functions:
            torch.manual_seed(0)
            marks.append(function(subject))
            if function is shapes.returns_scalar and not _usable(subject):
                break
    return Examination(subject.name, subject.kind.name, marks)


def _usable(subject: Subject) -> bool:
    try:
        value_and_gradient(subject.criterion(), subject.kind.outputs(), subject.encoded(subject.targets()))
    except Exception:
        return False
    return True
