"""The full verdicts on the package's own claims, so that a quick run can show them beside its own.

`scripts/claims_docs` writes the file. Not here: how they look (`report/claims/console.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from losslab.claims.verdict import Verdict, Word
from losslab.config.hydra_setup import package_folder
from losslab.errors import UserError
from losslab.records import stored
from losslab.records.stored import Stored, Unreadable

SCHEMA_VERSION = 1


class OnRecord(Stored):
    """What is worth repeating of a verdict."""

    outcome: Word
    where: str
    answer: str


class _File(Stored):
    verdicts: dict[str, OnRecord]
    schema_version: int = SCHEMA_VERSION


def path() -> Path:
    return package_folder("experiments") / "articles" / "verdicts.json"


def load() -> dict[str, OnRecord]:
    """Claim -> its verdict. Raises UserError if the file is broken."""
    try:
        return stored.load(_File, path(), "list of verdicts", SCHEMA_VERSION).verdicts
    except Unreadable as error:
        raise UserError(str(error)) from None


def save(verdicts: Iterable[Verdict], keep: bool) -> None:
    """Writes the file; `keep`: verdicts on other claims stay."""
    found = {
        one.claim: OnRecord(outcome=one.outcome, where=one.where, answer=one.answer)
        for one in verdicts
        if not one.quick
    }
    stored.save(_File(verdicts={**(load() if keep else {}), **found}), path())
