"""What comes out of a claim: plain data that is saved as `verdict.json`, and read by every report.

Made in `judge.py`, shown in `losslab/report/`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from losslab.errors import UserError
from losslab.records import write_atomically

VERDICT_FILE = "verdict.json"
VERDICT_SCHEMA_VERSION = 1

HOLDS, FAILS, INCONCLUSIVE = "holds", "fails", "inconclusive"
CONFIRMED, REFUTED, MIXED = "confirmed", "refuted", "mixed"  # and INCONCLUSIVE


@dataclasses.dataclass
class Row:
    """One number of a prediction against its margin.

    Attributes:
        label: whose number, e.g. "mse - cross_entropy", "mse / cross_entropy", "mse".
        condition: under which it was measured; empty where the claim has none.
        mean, low, high: with the 95 % interval of Student's t; a ratio's are geometric, a share's interval is
            Clopper's and Pearson's.
        bootstrap_low, bootstrap_high: the BCa bootstrap interval beside it.
        n: pairs of seeds (or repeated measurements); 0: nothing to judge. exact: known without chance.
        outcome: of this row alone, without correction: holds, fails, inconclusive.
        values: one a seed, as they were averaged (a ratio's as ratios).
        notes: what happened to runs behind it, a sentence each.
    """

    label: str
    condition: str
    mean: float | None
    low: float | None
    high: float | None
    bootstrap_low: float | None
    bootstrap_high: float | None
    n: int
    exact: bool
    outcome: str
    values: list[float]
    notes: list[str]


@dataclasses.dataclass
class PredictionOutcome:
    """A prediction with its rows, of which all must hold.

    Attributes:
        measured: what the number is, in words.
        margin: what it is compared with, in words: "at least 0.01".
        low, high: the same as numbers; None for no margin on that side.
        ratio: the rows are ratios.
        p_value: two-sided, corrected by Holm over the claim's predictions.
        outcome: holds, fails or inconclusive at 5 % after the correction.
        seeds_needed: about how many seeds would decide; None where decided, or more than 1000.
    """

    says: str
    why: str
    measured: str
    margin: str
    low: float | None
    high: float | None
    ratio: bool
    rows: list[Row]
    p_value: float
    outcome: str
    seeds_needed: int | None


@dataclasses.dataclass
class TunedPoint:
    """A point of an arm's grid, and the mean of the primary validation metric over the tuning seeds."""

    point: dict[str, Any]
    mean: float | None
    values: list[float]
    diverged: int


@dataclasses.dataclass
class ArmResult:
    """An arm under a condition.

    Attributes:
        chosen: the tuned keys' values that were reported; at_edge: one lies at the end of its grid.
        tuning: all points of the grid; empty where there was nothing to choose.
        primary: the task's primary metric, with higher_is_better.
        metrics: every final test metric that is one number, and the claim's measures: {"mean", "low", "high",
            "n", "values": {seed: value}}.
        findings: rule -> number of runs in which the diagnosis found it.
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
    metrics: dict[str, dict[str, Any]]
    finished: int
    diverged: int
    failed: int
    findings: dict[str, int]
    runs: list[str]


@dataclasses.dataclass
class Verdict:
    """A claim, judged.

    Attributes:
        outcome: confirmed, refuted, mixed, inconclusive.
        summary: the outcome in a sentence.
        protocol: what was run, label -> text: task, network, optimizer, epochs, seeds, grids, runs.
        check: {"quantities", "tables": [{"title", "columns", "rows"}], "notes"}; None without a check.
        problems: what a reader should doubt: missing runs, grids whose best point lies at the edge.
        command: what gives all of it again.
        seconds: processor time of all runs and the check.
    """

    claim: str
    statement: str
    source: str
    note: str
    quick: bool
    outcome: str
    summary: str
    predictions: list[PredictionOutcome]
    arms: list[ArmResult]
    check: dict[str, Any] | None
    protocol: dict[str, str]
    problems: list[str]
    command: str
    environment: dict[str, Any]
    seconds: float
    schema_version: int = VERDICT_SCHEMA_VERSION


def save(verdict: Verdict, folder: Path) -> Path:
    path = folder / VERDICT_FILE
    plain = _plain(dataclasses.asdict(verdict))
    write_atomically(path, json.dumps(plain, indent=1, allow_nan=False) + "\n")
    return path


def load(folder: Path) -> Verdict:
    """The verdict in a claim's folder. Raises UserError where it cannot be read."""
    path = folder / VERDICT_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema_version"] != VERDICT_SCHEMA_VERSION:
            raise ValueError(f"its schema is {data['schema_version']}, not {VERDICT_SCHEMA_VERSION}")
        data["predictions"] = [
            PredictionOutcome(**{**entry, "rows": [Row(**row) for row in entry["rows"]]})
            for entry in data["predictions"]
        ]
        data["arms"] = [
            ArmResult(**{**entry, "tuning": [TunedPoint(**point) for point in entry["tuning"]]})
            for entry in data["arms"]
        ]
        return Verdict(**data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} is not a readable verdict ({error}): run losslab-reproduce again") from None


def _plain(value: Any) -> Any:
    """Strict JSON: no NaN, and infinities as the words that a table shows."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0 else "-inf")
    return value
