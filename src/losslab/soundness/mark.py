"""A mark: the result of one part of an examination, as a verdict and a line of numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

SOUND = "sound"
WEAK = "weak"  # works, with a limitation
UNSOUND = "unsound"  # values or gradients are wrong, not finite, or missing
NOT_APPLICABLE = "not applicable"
VERDICTS = (NOT_APPLICABLE, SOUND, WEAK, UNSOUND)  # from good to bad


When = Literal["always", "usable", "request"]


@dataclasses.dataclass
class Mark:
    """The result of one part of an examination.

    Attributes:
        name: what was examined.
        verdict: one of VERDICTS.
        numbers: what was measured, in one line.
    """

    name: str
    verdict: str
    numbers: str


@dataclasses.dataclass(frozen=True)
class Examiner:
    """Gives one mark.

    Attributes:
        name: of the mark.
        function: of a subject; returns (verdict, numbers).
        when: to give it: "always"; if the loss is "usable", i.e. returns a scalar with a gradient; or on
            "request", because it takes long.

    An exception that the loss raises makes the mark unsound, with the exception's text in place of numbers.
    """

    name: str
    function: Callable[..., tuple[str, str]]
    when: When = "usable"

    def __call__(self, subject: object) -> Mark:
        try:
            return Mark(self.name, *self.function(subject))
        except Exception as error:
            return Mark(self.name, UNSOUND, error_line(error))


def mark(name: str, when: When = "usable") -> Callable[[Callable[..., tuple[str, str]]], Examiner]:
    """Decorator that makes an Examiner of a function of a subject that returns (verdict, numbers)."""
    return lambda function: Examiner(name, function, when)


def error_line(error: BaseException) -> str:
    """An exception in one line of at most 160 characters."""
    text = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
    return text if len(text) <= 160 else text[:157] + "..."
