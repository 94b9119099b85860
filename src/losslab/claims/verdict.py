"""The result of a claim: saved as `verdict.json`, and read by every report.

Made in `judge.py` and `study.py`, shown in `losslab/report/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from losslab.claims.check_result import CheckResult
from losslab.errors import UserError
from losslab.records import stored
from losslab.records.record import Environment
from losslab.records.stored import Number, Stored, Unreadable

VERDICT_FILE = "verdict.json"
VERDICT_SCHEMA_VERSION = 2  # since 2, an arm's metric is described beside its numbers

HOLDS: Final = "holds"
FAILS: Final = "fails"
INCONCLUSIVE: Final = "inconclusive"
CONFIRMED: Final = "confirmed"
REFUTED: Final = "refuted"
MIXED: Final = "mixed"
Outcome = Literal["holds", "fails", "inconclusive"]  # of a prediction, and of each of its rows
Overall = Literal["confirmed", "refuted", "mixed", "inconclusive"]  # of a claim


class Row(Stored):
    """One number of a prediction against its margin.

    Attributes:
        label: whose number, e.g. "mse - cross_entropy", "mse / cross_entropy", "mse".
        condition: under which it was measured; empty if the claim has none.
        mean, low, high: with the 95 % interval of Student's t; a ratio's are geometric, a share's is the
            Clopper-Pearson interval. None: there is no such number.
        bootstrap_low, bootstrap_high: the BCa bootstrap interval beside it.
        n: pairs of seeds (or repeated measurements); 0: nothing to judge. exact: known without chance.
        outcome: of this row alone, without correction.
        values: one per seed, as averaged (a ratio's as ratios).
        notes: special cases among its runs, one sentence each.
    """

    label: str
    condition: str
    mean: Number | None
    low: Number | None
    high: Number | None
    bootstrap_low: Number | None
    bootstrap_high: Number | None
    n: int
    exact: bool
    outcome: Outcome
    values: list[Number]
    notes: list[str]


class PredictionOutcome(Stored):
    """A prediction with its rows, of which all must hold.

    Attributes:
        measured: what the number is, in words.
        margin: what it is compared with, in words: "at least 0.01".
        low, high: the same as numbers; None for no margin on that side.
        ratio: the rows are ratios.
        p_value: two-sided, corrected by Holm over the claim's predictions.
        outcome: at 5 % after the correction.
        seeds_needed: about how many seeds would decide; None if decided, or if more than 1000.
    """

    says: str
    why: str
    measured: str
    margin: str
    low: Number | None
    high: Number | None
    ratio: bool
    rows: list[Row]
    p_value: Number
    outcome: Outcome
    seeds_needed: int | None


class TunedPoint(Stored):
    """A point of an arm's grid, and the mean of the primary validation metric over the tuning seeds."""

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
        outcome: of the claim as a whole.
        summary: the outcome in a sentence.
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
    note: str
    quick: bool
    outcome: Overall
    summary: str
    predictions: list[PredictionOutcome]
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
