"""The record of a run: `record.json` and `curves.csv`, the truth that everything downstream reads.

Both are written once, whole or not at all. What is derived from records lives in `compare.py`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.records.curves import CURVE_COLUMNS, CURVES_FILE
from losslab.records.files import write_atomically

SCHEMA_VERSION = 2  # since 2, metrics of training data are those of a sample spread over them
RECORD_FILE = "record.json"
PLAN_FILE = "sweep.json"  # beside the runs of a sweep: which runs it consists of, in order
PLAN_SCHEMA_VERSION = 1

FINISHED, DIVERGED, FAILED = "finished", "diverged", "failed"


class RecordError(ValueError):
    """A record that cannot be read; the text names the file and the reason."""


@dataclasses.dataclass
class Target:
    """When the primary validation metric first reached `value`; None where it never did (censored)."""

    value: float
    step: int | None = None
    seconds: float | None = None  # training seconds: evaluation is not counted


@dataclasses.dataclass
class Record:
    """One run: an arm with a seed, and what came of it.

    Attributes:
        identity: hash of everything in the resolved config that can change the result.
        arm_identity: the same without the seed; runs that share it are one arm.
        task_identity: hash of the task alone; only runs that share it may be compared.
        name: the readable part of the folder's name.
        choices: config group -> chosen name, e.g. {"loss": "mse", "task": "mnist", ...}.
        overrides: what was written on the command line for this run.
        config: the resolved config as plain data.
        status: "finished", "diverged" or "failed".
        metric: name of the task's primary metric.
        higher_is_better: direction of the primary metric.
        metrics: split -> metric -> value at the end of training; no test values unless finished.
        targets: steps and seconds to each of the task's targets.
        steps: optimiser steps done, of `planned_steps`; `diverged_at` is the step whose loss or weights were
            not finite.
        timing: seconds, by part: "setup", "training", "evaluation", "total"; "processor" is what the
            process computed, whatever else the machine did.
        error: {"type", "message", "traceback"} of a failed run.
        findings: what the diagnosis said, in words.
        internal_errors: what broke in losslab while it looked: {"what", "type", "message", "traceback"} each.
        resumed_at: the step from which it went on after an interruption, by its checkpoint; 0 if it did not.
    """

    identity: str
    arm_identity: str
    task_identity: str
    name: str
    seed: int
    choices: dict[str, str]
    overrides: list[str]
    config: dict[str, Any]
    status: str
    metric: str = ""
    higher_is_better: bool = True
    metrics: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    targets: list[Target] = dataclasses.field(default_factory=list)
    steps: int = 0
    planned_steps: int = 0
    diverged_at: int | None = None
    timing: dict[str, float] = dataclasses.field(default_factory=dict)
    parameters: int | None = None
    error: dict[str, str] | None = None
    findings: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    internal_errors: list[dict[str, str]] = dataclasses.field(default_factory=list)
    environment: dict[str, Any] = dataclasses.field(default_factory=dict)
    resumed_at: int = 0
    schema_version: int = SCHEMA_VERSION

    def primary(self, split: str = "test") -> float | None:
        """The primary metric on `split`; None where the run has no such value."""
        return self.metrics.get(split, {}).get(self.metric)


def save(record: Record, curves: pd.DataFrame, folder: Path) -> None:
    """Write `curves.csv`, then `record.json`: a folder with a record is a complete run."""
    write_atomically(folder / CURVES_FILE, curves.to_csv(index=False, columns=CURVE_COLUMNS))
    plain = _without_nonfinite(dataclasses.asdict(record))
    write_atomically(folder / RECORD_FILE, json.dumps(plain, indent=2, allow_nan=False) + "\n")


def load(folder: Path) -> Record:
    """Read the record in `folder`. Raises RecordError with the file's name and what is wrong."""
    path = folder / RECORD_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} is not a readable record ({error})") from error
    if not isinstance(data, dict) or "schema_version" not in data:
        raise RecordError(f"{path} is not a losslab record: it has no schema_version")
    if data["schema_version"] != SCHEMA_VERSION:
        raise RecordError(
            f"{path} has record schema {data['schema_version']}, this losslab reads {SCHEMA_VERSION}: "
            "run it again, or read it with the losslab that wrote it"
        )
    fields = {field.name: field for field in dataclasses.fields(Record)}
    required = {name for name, field in fields.items() if _is_required(field)}
    if missing := sorted(required - data.keys()):
        raise RecordError(f"{path} lacks {', '.join(missing)}: it was not written by losslab, or was edited")
    try:
        data["targets"] = [Target(**target) for target in data.get("targets", [])]
    except TypeError as error:
        raise RecordError(f"{path} has targets that are not a list of value, step and seconds") from error
    return Record(**{name: value for name, value in data.items() if name in fields})


def find(folders: Iterable[Path]) -> list[Path]:
    """All folders at or below `folders` that hold a record, each once, in the order of their paths."""
    found = {path.parent.resolve() for folder in folders for path in Path(folder).rglob(RECORD_FILE)}
    return sorted(found)


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _without_nonfinite(value: Any) -> Any:
    """NaN and infinity as null: strict JSON has no such numbers, and other readers reject them."""
    if isinstance(value, dict):
        return {str(key): _without_nonfinite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nonfinite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
