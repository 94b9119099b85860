"""The result of a claim: saved as `verdict.json`, and read by every report.

Made in `judge.py` and `study.py`, shown in `losslab/report/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from losslab.claims.check_result import CheckResult
from losslab.claims.schema import Role
from losslab.errors import UserError
from losslab.records import stored
from losslab.records.record import Environment
from losslab.records.stored import Number, Stored, Unreadable

VERDICT_FILE = "verdict.json"
ARTICLES: Final = "articles"
PAPERS: Final = "papers"
OWN: Final = "own"
PARTS = (ARTICLES, PAPERS, OWN)
VERDICT_SCHEMA_VERSION = 3  # since 3, predictions have roles and conditions have words of their own

HOLDS: Final = "holds"
FAILS: Final = "fails"
CLOSE: Final = "too close"
OPEN: Final = "open"
Outcome = Literal["holds", "fails", "too close", "open"]  # of a prediction, and of each of its rows

CONFIRMED: Final = "confirmed"
REFUTED: Final = "refuted"
DEPENDS: Final = "depends"
TOO_CLOSE: Final = "too close to matter"
BORDERLINE: Final = "borderline"
UNDECIDED: Final = "undecided"
NOT_TESTED: Final = "not tested here"
Word = Literal[
    "confirmed", "refuted", "depends", "too close to matter", "borderline", "undecided", "not tested here"
]  # of a claim; each condition has one, too, except "depends"


class Row(Stored):
    """One number of a prediction against what it must be.

    Attributes:
        label: whose number, e.g. "mse − cross_entropy", "mse / cross_entropy", "mse".
        condition: under which it was measured; empty if the claim has none.
        mean, low, high: with the interval at the look that counts; a ratio's are geometric, a share's
            interval is the exact one. None: there is no such number.
        level: two-sided level of the interval; 0.05 if there is only one look.
        n: pairs of seeds (or repeated measurements); 0: nothing to judge. exact: known without chance.
        outcome: of this row. Too close: it fails, and the difference is smaller than the margin.
        narrow: the interval is narrower than the metric's margin.
        values: one per seed, as averaged (a ratio's as ratios).
        notes: special cases among its runs, one sentence each.
    """

    label: str
    condition: str
    mean: Number | None
    low: Number | None
    high: Number | None
    level: Number
    n: int
    exact: bool
    outcome: Outcome
    narrow: bool
    values: list[Number]
    notes: list[str]


class PredictionOutcome(Stored):
    """A prediction with its rows, of which all must hold.

    Attributes:
        role: core, side or premise.
        measured: what the number is, in words.
        margin: what it must be, in words: "at least 0.01".
        low, high: the same as numbers; None for no bound on that side.
        ratio: the rows are ratios.
        p_value: of a side: two-sided, corrected by Benjamini and Hochberg over the claim's sides; None for
            others, which intervals decide.
    """

    says: str
    why: str
    role: Role
    measured: str
    margin: str
    low: Number | None
    high: Number | None
    ratio: bool
    rows: list[Row]
    outcome: Outcome
    p_value: Number | None = None


class ConditionVerdict(Stored):
    """The word under one condition, after so many seeds of its undecided rows."""

    condition: str
    word: Word
    seeds: int


class CollapsedShare(Stored):
    """How many of an arm's runs collapsed under a condition, with the exact interval of the share."""

    condition: str
    arm: str
    seeds: list[int]
    n: int
    share: Number
    low: Number
    high: Number


class TunedPoint(Stored):
    """A point of an arm's grid, and the mean over the tuning seeds of the validation metric that chooses."""

    point: dict[str, Any]
    mean: Number | None
    values: list[Number]
    diverged: int


class ArmMetric(Stored):
    """A metric or measure of an arm over its seeds.

    Attributes:
        measured: what the number is, in words, as in `PredictionOutcome`.
        mean, low, high: with the 95 % interval of Student's t over the `n` seeds that have a value.
        values: seed -> value; None if there is none.
        censored: in how many runs the target was not reached, so that the value is a bound.
    """

    measured: str
    mean: Number | None
    low: Number | None
    high: Number | None
    n: int
    values: dict[str, Number | None]
    censored: int = 0


class ArmResult(Stored):
    """An arm under a condition.

    Attributes:
        chosen: the tuned keys' values that were reported; at_edge: one lies at the end of its grid.
        tuning: all points of the grid; empty if there was nothing to choose.
        tuned_by: the validation metric that chose, if it is not the primary one.
        primary: the task's primary metric, with higher_is_better.
        metrics: every final test metric that is one number, and the claim's measures, by name.
        findings: rule -> number of runs that have the finding.
        runs: folders of the reported runs, relative to the claim's.
    """

    condition: str
    arm: str
    overrides: list[str]
    chosen: dict[str, Any]
    at_edge: list[str]
    tuning: list[TunedPoint]
    tuned_by: str = ""
    primary: str
    higher_is_better: bool
    metrics: dict[str, ArmMetric]
    finished: int
    diverged: int
    failed: int
    findings: dict[str, int]
    runs: list[str]


class Verdict(Stored):
    """A claim, judged.

    Attributes:
        part: of the report: the folder of the claim's file, "articles", "papers" or the user's own.
        reported: what the paper reports; empty for other claims.
        outcome: of the claim as a whole.
        where: under which conditions it holds, and under which it does not; empty if all are alike.
        conditions: the word of each condition that has a core.
        answer: what to do about it; empty if the file has none, or if a number is missing.
        summary: how many predictions hold.
        collapsed: arms with collapsed runs. These runs are not in the arms' differences.
        protocol: what was run, label -> text: task, network, optimizer, epochs, seeds, grids, runs.
        check: what was measured without training; None without a check.
        problems: what a reader should doubt: runs that were not made alike, missing runs, grids whose best
            point lies at the edge.
        command: the command that repeats it.
        environment: of the first run.
        seconds: processor time of all runs and the check.
    """

    claim: str
    statement: str
    source: str
    part: str = ARTICLES
    reported: str = ""
    note: str
    tags: list[str]
    quick: bool
    outcome: Word
    where: str
    conditions: list[ConditionVerdict]
    answer: str
    summary: str
    predictions: list[PredictionOutcome]
    collapsed: list[CollapsedShare]
    arms: list[ArmResult]
    check: CheckResult | None
    protocol: dict[str, str]
    problems: list[str]
    command: str
    environment: Environment = Field(default_factory=Environment)
    seconds: Number
    schema_version: int = VERDICT_SCHEMA_VERSION


def save(verdict: Verdict, folder: Path) -> Path:
    path = folder / VERDICT_FILE
    stored.save(verdict, path)
    return path


def load(folder: Path) -> Verdict:
    """The verdict in a claim's folder. Raises UserError if it cannot be read."""
    try:
        return stored.load(Verdict, folder / VERDICT_FILE, "verdict", VERDICT_SCHEMA_VERSION)
    except Unreadable as error:
        raise UserError(str(error)) from None
