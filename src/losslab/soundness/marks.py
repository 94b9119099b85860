"""A mark: the result of one part of an examination, as a verdict and a line of numbers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

SOUND = "sound"
WEAK = "weak"  # works, with a limitation
UNSOUND = "unsound"  # values or gradients are wrong, not finite, or missing
NOT_APPLICABLE = "not applicable"
VERDICTS = (NOT_APPLICABLE, SOUND, WEAK, UNSOUND)  # from good to bad


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


def mark(name: str) -> Callable[[Callable[..., tuple[str, str]]], Callable[..., Mark]]:
    """Decorator of a function of a subject that returns (verdict, numbers): it returns a Mark instead.

    An exception that the loss raises makes the mark unsound, with the exception's text in place of numbers.
    """

    def decorate(function: Callable[..., tuple[str, str]]) -> Callable[..., Mark]:
        @functools.wraps(function)
        def examined(subject: object) -> Mark:
            try:
                return Mark(name, *function(subject))
            except Exception as error:
                return Mark(name, UNSOUND, error_line(error))

        return examined

    return decorate


def error_line(error: BaseException) -> str:
    """An exception in one line of at most 160 characters."""
    text = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
    return text if len(text) <= 160 else text[:157] + "..."
