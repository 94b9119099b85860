"""The whole examination of one subject: every mark, and the worst of them as the verdict."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import warnings
from collections.abc import Iterable
from typing import Any

import torch

from losslab.soundness import marks
from losslab.soundness.mark import UNSOUND, VERDICTS, Examiner, Mark
from losslab.soundness.subject import Subject, value_and_gradient
from losslab.support import torch_settings

# Of each file in marks/, by its name; first those that are given to every loss.
EXAMINERS: tuple[Examiner, ...] = tuple(
    sorted(
        (
            found
            for module in pkgutil.iter_modules(marks.__path__)
            for found in vars(importlib.import_module(f"{marks.__name__}.{module.name}")).values()
            if isinstance(found, Examiner)
        ),
        key=lambda examiner: examiner.when != "always",
    )
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

    def raise_if_unsound(self) -> None:
        """Raises AssertionError with one line for each mark that is unsound."""
        lines = [f"{mark.name}: {mark.numbers}" for mark in self.marks if mark.verdict == UNSOUND]
        if lines:
            raise AssertionError("\n".join([f"{self.target} is unsound on {self.kind} targets:", *lines]))


def worst(marks: Iterable[Mark]) -> str:
    """The worst verdict of some marks."""
    return max((mark.verdict for mark in marks), key=VERDICTS.index)


def examine(subject: Subject, machine_code: bool = False) -> Examination:
    """Gives every mark; few if the loss does not return a scalar with a gradient.

    Args:
        machine_code: also compile with torch's default backend.
    """
    given = {"always", *({"usable"} if usable(subject) else ()), *({"request"} if machine_code else ())}
    found = [give(examiner, subject) for examiner in EXAMINERS if examiner.when in given]
    return Examination(subject.name, subject.kind.name, found)


def give(examiner: Examiner, subject: Subject) -> Mark:
    """One mark. Whatever the loss does to torch's settings and random numbers is undone."""
    before = torch_settings.settings()
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.simplefilter("ignore")  # the marks measure what they warn about
        torch.manual_seed(0)
        try:
            return examiner(subject)
        finally:
            torch_settings.put_back(before)


def usable(subject: Subject) -> bool:
    """Whether the loss returns a scalar with a gradient, without which most marks mean nothing."""
    before = torch_settings.settings()
    try:
        value_and_gradient(subject.criterion(), subject.kind.outputs(), subject.encoded(subject.targets()))
    except Exception:
        return False
    finally:
        torch_settings.put_back(before)
    return True
