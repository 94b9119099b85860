"""The record of a run: `record.json` and `curves.csv`, which everything downstream reads.

Both are written once, completely or not at all. The table with one row per run is in `frame.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pydantic
from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from losslab.judgement.outcomes import DIVERGED, FAILED, FINISHED
from losslab.records import stored
from losslab.records.curves import CURVE_COLUMNS, CURVES_FILE
from losslab.records.files import write_atomically
from losslab.records.stored import Number, Stored, Unreadable

__all__ = ["DIVERGED", "FAILED", "FINISHED", "Record", "RecordError", "Target", "find", "load", "save"]

SCHEMA_VERSION = 2  # since 2, training metrics are measured on a sample spread over the training data
BEFORE_SCALING = "test_before_scaling"  # beside the splits: test metrics of outputs without a temperature
RECORD_FILE = "record.json"
PLAN_FILE = "sweep.json"  # in a sweep's folder: its runs, in order
PLAN_SCHEMA_VERSION = 1

# Metrics between 0 and 1 of these kinds of target. A user's own kind may give accuracy in percent.
_OWN_KINDS = ("multiclass", "binary", "multilabel", "segmentation")
_SHARES = (
    *("accuracy", "balanced_accuracy", "f1", "macro_f1", "micro_f1", "auroc", "auprc", "iou", "dice"),
    *("mean_average_precision", "expected_calibration_error"),
)
_ROUNDING = 1e-5

# A metric is one number, or a list such as one per class. Records of losslab 0.1 have null for NaN.
MetricValue = TypeAliasType("MetricValue", "Number | list[MetricValue] | None")


class RecordError(Unreadable):
    """A record that cannot be read; the text names the file and the reason."""


@pydantic.dataclasses.dataclass(config=stored.CONFIG)
class Target:
    """When the primary validation metric first reached `value`; None if it never did (censored)."""

    value: Number
    step: int | None = None
    seconds: Number | None = None  # training seconds: evaluation is not counted


class RecordedFinding(TypedDict):
    """What a rule found in the training; `numbers` are those of the text, unrounded."""

    rule: str
    severity: str
    text: str
    numbers: dict[str, Number | None]
    source: str


class Reliability(TypedDict):
    """Predictions in equally wide bins of confidence from 0 to 1; the means are None where `counts` is 0.

    Confidence and accuracy are those of `expected_calibration_error`: with several classes the largest
    probability, and the share of right predictions; of yes-or-no outputs the probability of yes, and the
    share of yes among the targets.
    """

    counts: list[int]
    confidence: list[Number | None]
    accuracy: list[Number | None]


class Timing(TypedDict, total=False):
    """Seconds. `processor` is the processor time of the process, unaffected by other load."""

    setup: Number
    training: Number
    evaluation: Number
    total: Number
    processor: Number


class Checkout(TypedDict):
    """A git checkout; dirty: with changes that are not committed."""

    revision: str
    dirty: bool


class Environment(Stored):
    """What can change the arithmetic of a run, and the versions of its code; None or empty if unknown.

    Attributes:
        packages: library -> version.
        device: "cpu: <processor's model>" or "cuda: <GPU's name>".
        threads: torch's, within an operation.
        variables: environment variables that numeric libraries read.
        git: the checkout that losslab's code is in; `git_working_folder`: that of the working folder.
    """

    losslab: str | None = None
    python: str | None = None
    packages: dict[str, str] = Field(default_factory=dict)
    platform: str | None = None
    device: str | None = None
    threads: int | None = None
    cuda: str | None = None
    cudnn: int | None = None
    deterministic: bool | None = None
    variables: dict[str, str] = Field(default_factory=dict)
    git: Checkout | None = None
    git_working_folder: Checkout | None = None
    command: list[str] = Field(default_factory=list)


class Record(Stored):
    """One run: an arm with a seed, and its result.

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
        metrics: split -> metric -> value at the end of training; no test values unless finished. With a
            temperature "test" has those of scaled outputs, BEFORE_SCALING those of the outputs themselves.
        reliability: "test", and BEFORE_SCALING with a temperature -> predictions by their confidence;
            empty if the task's kind has no calibration error.
        temperature: fitted on validation data, by which test outputs were divided; None without scaling.
        targets: steps and seconds to each of the task's targets.
        steps: optimiser steps done, of `planned_steps`; `diverged_at` is the step whose loss or weights were
            not finite.
        error: {"type", "message", "traceback"} of a failed run.
        findings: what the rules found, in words.
        internal_errors: errors of losslab while it observed the training: {"what", "type", "message",
            "traceback"} each.
        environment: what the run ran on; all unknown for a run that was killed.
        evaluations: steps at which the curves have points (`every`, `early`), and the number of `samples` of
            each split behind a point.
        resumed_at: the step of the checkpoint from which it continued after an interruption; 0 if it did not.
        fingerprints: "weights" and "batches" that a user's own training started with, as hashes; where known.
    """

    identity: str
    arm_identity: str
    task_identity: str
    name: str
    seed: int
    choices: dict[str, str]
    overrides: list[str]
    config: dict[str, Any]
    status: Literal["finished", "diverged", "failed"]
    metric: str = ""
    higher_is_better: bool = True
    metrics: dict[str, dict[str, MetricValue]] = Field(default_factory=dict)
    reliability: dict[str, Reliability] = Field(default_factory=dict)
    temperature: Number | None = None
    targets: list[Target] = Field(default_factory=list)
    steps: int = 0
    planned_steps: int = 0
    diverged_at: int | None = None
    timing: Timing = Field(default_factory=Timing)
    parameters: int | None = None
    error: dict[str, str] | None = None
    findings: list[RecordedFinding] = Field(default_factory=list)
    internal_errors: list[dict[str, str]] = Field(default_factory=list)
    environment: Environment = Field(default_factory=Environment)
    evaluations: dict[str, Any] = Field(default_factory=dict)
    resumed_at: int = 0
    fingerprints: dict[str, str] = Field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def primary(self, split: str = "test") -> float | None:
        """The primary metric on `split`; None if the run has no such number."""
        value = self.metrics.get(split, {}).get(self.metric)
        return value if isinstance(value, float) else None


def save(record: Record, curves: pd.DataFrame, folder: Path) -> None:
    """Writes `curves.csv`, then `record.json`: a folder with a record is a complete run."""
    write_atomically(folder / CURVES_FILE, curves.to_csv(index=False, columns=CURVE_COLUMNS))
    stored.save(record, folder / RECORD_FILE)


def load(folder: Path) -> Record:
    """Reads the record in `folder`. Raises RecordError with the file's name and what is wrong."""
    path = folder / RECORD_FILE
    try:
        record = stored.load(Record, path, "record", SCHEMA_VERSION)
    except Unreadable as error:
        raise RecordError(str(error)) from None
    if impossible := _impossible(record):
        raise RecordError(f"{path} is not a valid record: {impossible}; it was edited or damaged")
    return record


def _impossible(record: Record) -> str:
    """A metric that no training gives; empty if there is none, or if its range is the user's to say."""
    task = record.config.get("task")
    if not isinstance(task, dict) or task.get("kind") not in _OWN_KINDS:
        return ""
    for split, metrics in record.metrics.items():
        for name, value in metrics.items():
            if name in _SHARES and isinstance(value, float) and abs(value - 0.5) > 0.5 + _ROUNDING:
                return f"metrics.{split}.{name}={value:g} is outside 0 to 1"
    return ""


def find(folders: Iterable[Path]) -> list[Path]:
    """All folders at or below `folders` that hold a record, each once, in the order of their paths."""
    found = {path.parent.resolve() for folder in folders for path in Path(folder).rglob(RECORD_FILE)}
    return sorted(found)
