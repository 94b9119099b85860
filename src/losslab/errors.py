"""Errors shown to the user: one sentence that says what was wrong, where, and what would be right.

Any other exception that escapes is a bug in losslab and keeps its traceback.
"""


class UserError(Exception):
    """Bad input. Its text is the whole message that is printed; the command exits with status 2."""

    exit_status = 2

    def __str__(self) -> str:
        """In one line, whatever is quoted in it."""
        return " ".join(super().__str__().splitlines())


class RunsFailed(UserError):
    """Runs ended as `failed`. Their records are written; the command exits with status 1."""

    exit_status = 1


class SweepStopped(RunsFailed):
    """A run failed under `fail_fast=true`, or the sweep's folder is gone, so the sweep ended."""


def first_line(error: BaseException) -> str:
    """The message of another library's exception, to be quoted in a sentence: its first non-empty line.

    The next line is added where the first one ends with a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
