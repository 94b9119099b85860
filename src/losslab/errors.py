"""Errors that a person reads: one sentence that says what was wrong, where, and what would be right.

Anything else that escapes is a bug of ours and keeps its traceback.
"""


class UserError(Exception):
    """Bad input. Its text is the whole message that is printed; the command exits with status 2."""

    exit_status = 2


class RunsFailed(UserError):
    """Runs ended as `failed`. Their records are written; the command exits with status 1."""

    exit_status = 1


class SweepStopped(RunsFailed):
    """A run failed, and `fail_fast=true` asks for the end of the sweep."""


def first_line(error: BaseException) -> str:
    """What another library's exception says, as part of a sentence: its first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
