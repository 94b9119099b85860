"""Errors that a person reads: one sentence that says what was wrong, where, and what would be right.

Anything else that escapes is a bug of ours and keeps its traceback.
"""


class UserError(Exception):
    """Bad input. Its text is the whole message that is printed; the command exits with status 2."""

    exit_status = 2


class RunsFailed(UserError):
    """Runs ended as `failed`. Their records are written; the command exits with status 1."""

    exit_status = 1
