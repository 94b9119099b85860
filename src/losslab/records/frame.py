"""From folders to one frame with a row a run, and what is wrong with the folders in plain sentences.

Knows records and a sweep's plan (`sweep.json`); arms, tables and statistics live in `compare.py`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from losslab import records
from losslab.errors import UserError
from losslab.records import PLAN_FILE, PLAN_SCHEMA_VERSION, Record, RecordError

RUN_COLUMNS = [
    *("folder", "name", "identity", "arm_identity", "task_identity", "seed", "status"),
    *("metric", "higher_is_better", "metrics", "targets", "steps", "diverged_at", "error"),
    *("choices", "overrides", "config"),
]


@dataclasses.dataclass(frozen=True)
class PlannedRun:
    """A run as the sweep listed it; `folder` is its whole path."""

    folder: Path
    identity: str
    name: str


def load_runs(folders: Iterable[Path]) -> tuple[pd.DataFrame, list[str]]:
    """All runs recorded at or below `folders`, and what is missing, stale or unreadable there.

    The frame has the columns RUN_COLUMNS and is in the order of the folders given; within one, in the
    order of its sweep's plan; without a plan, by path. Of an arm's records with the same seed the first
    is taken: a run counts once. Records that are no part of their sweep's plan are left out.

    Raises UserError where there is no such folder, or no record in any of them.
    """
    loaded: list[tuple[Path, Record]] = []
    problems: list[str] = []
    seen: set[Path] = set()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder: give one that holds runs")
        plans, plan_problems = _plans(folder)
        found = [path for path in records.find([folder]) if path not in seen]
        seen.update(found)
        problems += plan_problems
        runs, unreadable = _load_all(found)
        problems += unreadable
        planned = {run.folder: (place, run) for place, run in enumerate(_flat(plans))}
        problems += [
            f"Missing: {run.name or run.folder.name} is planned in {sweep / PLAN_FILE} but has no record"
            for sweep, plan in plans.items()
            for run in plan
            if run.folder not in seen
        ]
        current = []
        for path, record in runs:
            if reason := _stale(path, record, planned, plans):
                problems.append(f"Stale: {path} is left out: {reason}")
            else:
                current.append((path, record))
        # a stable sort: what has no plan keeps the order of the paths, after what has one
        loaded += sorted(current, key=lambda run: planned[run[0]][0] if run[0] in planned else len(planned))
    kept, repeats = _once_each(loaded)
    frame = pd.DataFrame([_row(path, record) for path, record in kept], columns=RUN_COLUMNS)
    return frame, problems + repeats


def _flat(plans: dict[Path, list[PlannedRun]]) -> list[PlannedRun]:
    return [run for plan in plans.values() for run in plan]


def _plans(folder: Path) -> tuple[dict[Path, list[PlannedRun]], list[str]]:
    """The plan of every sweep at or below `folder`, by the sweep's folder."""
    plans: dict[Path, list[PlannedRun]] = {}
    problems = []
    for path in sorted(path.resolve() for path in folder.rglob(PLAN_FILE)):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if (version := data["schema_version"]) != PLAN_SCHEMA_VERSION:
                raise ValueError(f"its schema is {version}, this losslab reads {PLAN_SCHEMA_VERSION}")
            plans[path.parent] = [
                PlannedRun((path.parent / run["folder"]).resolve(), run["identity"], str(run.get("name", "")))
                for run in data["runs"]
            ]
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            problems.append(f"Unreadable: {path} is ignored, runs are ordered by path: {_reason(error)}")
    return plans, problems


def _load_all(folders: Iterable[Path]) -> tuple[list[tuple[Path, Record]], list[str]]:
    runs, problems = [], []
    for folder in folders:
        try:
            record = records.load(folder)
            _check_types(record, folder)
            runs.append((folder, record))
        except RecordError as error:
            problems.append(f"Unreadable: {error}")
    return runs, problems


def _check_types(record: Record, folder: Path) -> None:
    """An edited record is one sentence, not a traceback from deep within a table."""
    splits = record.metrics.values() if isinstance(record.metrics, dict) else [None]
    expected = {
        "seed": isinstance(record.seed, int),
        "status": record.status in (records.FINISHED, records.DIVERGED, records.FAILED),
        "metric": isinstance(record.metric, str),
        "metrics": all(isinstance(split, dict) for split in splits),
        "choices": isinstance(record.choices, dict),
        "overrides": isinstance(record.overrides, list),
        "config": isinstance(record.config, dict),
        "steps": isinstance(record.steps, int),
        "identities": all(
            isinstance(text, str) for text in (record.identity, record.arm_identity, record.task_identity)
        ),
    }
    if wrong := [name for name, right in expected.items() if not right]:
        raise RecordError(
            f"{folder / records.RECORD_FILE} has no valid {', '.join(wrong)}: "
            "it was not written by losslab, or was edited"
        )


def _stale(
    path: Path,
    record: Record,
    planned: dict[Path, tuple[int, PlannedRun]],
    plans: dict[Path, list[PlannedRun]],
) -> str:
    """Why a record is not what its sweep plans; empty where it is, or where no sweep claims it."""
    if path in planned:
        run = planned[path][1]
        return "" if record.identity == run.identity else "its run differs from the one that is planned there"
    sweep = next((parent for parent in path.parents if parent in plans), None)
    return "" if sweep is None else f"{sweep / PLAN_FILE} does not list it (give its folder to include it)"


def _once_each(runs: list[tuple[Path, Record]]) -> tuple[list[tuple[Path, Record]], list[str]]:
    """Each arm's runs with a seed only once: counting a run twice would narrow the interval for nothing."""
    first: dict[tuple[str, str, int], Path] = {}
    kept, problems = [], []
    for path, record in runs:
        key = (record.task_identity, record.arm_identity, record.seed)
        if key in first:
            problems.append(f"Repeated: {path} is left out: {first[key]} is the same arm with the same seed")
        else:
            first[key] = path
            kept.append((path, record))
    return kept, problems


def _row(path: Path, record: Record) -> dict[str, Any]:
    plain = {column: getattr(record, column) for column in RUN_COLUMNS if column != "folder"}
    return {"folder": path, **plain}


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)
