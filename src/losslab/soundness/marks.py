"""What a check says: a verdict and one line of numbers."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

SOUND = "sound"
WEAK = "weak"  # works, with a limit that one should know
UNSOUND = "unsound"  # gives wrong, non-finite or no gradients or values
NOT_APPLICABLE = "not applicable"
VERDICTS = (NOT_APPLICABLE, SOUND, WEAK, UNSOUND)  # from good to bad


@dataclasses.dataclass
class Finding:
    """Attributes:
    check: its name.
    verdict: one of VERDICTS.
    numbers: one line, measured.
    """

    check: str
    verdict: str
    numbers: str


def finding(name: str) -> Callable[[Callable[..., tuple[str, str]]], Callable[..., Finding]]:
    """Makes a check of a function of a subject that returns (verdict, numbers).

    What a person's loss raises is a finding, unsound, in the words of the exception.
    """

    def decorate(check: Callable[..., tuple[str, str]]) -> Callable[..., Finding]:
        @functools.wraps(check)
        def run(subject: object) -> Finding:
            try:
                return Finding(name, *check(subject))
            except Exception as error:
                return Finding(name, UNSOUND, error_line(error))

        run.check_name = name  # type: ignore[attr-defined]
        return run

    return decorate


def error_line(error: BaseException) -> str:
    """An exception in one line of at most 160 characters."""
    text = f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
    return text if len(text) <= 160 else text[:157] + "..."
