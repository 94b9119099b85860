"""From folders to one frame with one row per run, and problems of the folders in plain sentences.

Knows records and a sweep's plan (`sweep.json`). Not here: arms, tables and statistics.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.errors import UserError
from losslab.records import comparable
from losslab.records.plan import Plan, PlannedRun, plans_below
from losslab.records.record import PLAN_FILE, Record, RecordError, find, load

RECORD_COLUMNS = [name for name in Record.model_fields if name != "schema_version"]
# The fields of a record, its folder, and what makes runs comparable.
RUN_COLUMNS = ["folder", *RECORD_COLUMNS, *comparable.COLUMNS]

_MAY_LACK = ("diverged_at", "parameters", "threads")
Loaded = list[tuple[Path, Record]]


def read_runs(folders: Iterable[Path]) -> tuple[pd.DataFrame, list[str]]:
    """The runs in exactly these folders, in the order given, and which of them have no readable record.

    The frame has the columns RUN_COLUMNS.
    """
    runs, problems = _load_all(folders)
    return _frame(runs), problems


def load_runs(folders: Iterable[Path]) -> tuple[pd.DataFrame, list[str]]:
    """All runs recorded at or below `folders`, and what is missing, stale or unreadable there.

    The frame has the columns RUN_COLUMNS and is in the order of the folders given; within a folder, in
    the order of its sweep's plan, or by path if there is no plan. If an arm has several
    records with the same seed, only the first counts. Records outside their sweep's plan are left out.

    Raises UserError if a folder does not exist.
    """
    loaded: Loaded = []
    problems: list[str] = []
    seen: set[Path] = set()
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder: give one that holds runs")
        plans, unreadable_plans = plans_below(folder)
        found = [path for path in find([folder]) if path not in seen]
        seen.update(found)
        problems += [f"Unreadable: {error}; its runs are ordered by path" for error in unreadable_plans]
        runs, unreadable = _load_all(found)
        problems += unreadable
        planned = {(sweep / run.folder).resolve(): run for sweep, plan in plans.items() for run in plan.runs}
        problems += [
            f"Missing: {run.name or path.name} is planned in {path.parent / PLAN_FILE} but has no record"
            for path, run in planned.items()
            if path not in seen
        ]
        current: Loaded = []
        for path, record in runs:
            if reason := _stale(path, record, planned, plans):
                problems.append(f"Stale: {path} is left out: {reason}")
            else:
                current.append((path, record))
        # a stable sort: records without a plan keep the order of their paths, after those with one
        places = {path: place for place, path in enumerate(planned)}
        loaded += sorted(current, key=lambda run: places.get(run[0], len(places)))
    kept, repeats = _once_each(loaded)
    return _frame(kept), problems + repeats


def _frame(runs: Loaded) -> pd.DataFrame:
    rows = [_row(path, record) for path, record in runs]
    frame = pd.DataFrame(rows, columns=RUN_COLUMNS)
    for column in _MAY_LACK:  # pandas would turn 3 into 3.0 next to None
        frame[column] = pd.Series([row[column] for row in rows], dtype=object)
    return frame


def _row(path: Path, record: Record) -> dict[str, Any]:
    fields = {name: getattr(record, name) for name in RECORD_COLUMNS}
    return {"folder": path, **fields, **comparable.columns_of(record)}


def _load_all(folders: Iterable[Path]) -> tuple[Loaded, list[str]]:
    runs, problems = [], []
    for folder in folders:
        try:
            runs.append((folder, load(folder)))
        except RecordError as error:
            problems.append(f"Unreadable: {error}")
    return runs, problems


def _stale(path: Path, record: Record, planned: dict[Path, PlannedRun], plans: dict[Path, Plan]) -> str:
    """Why a record does not match its sweep's plan; empty if it does, or if it is in no sweep."""
    if path in planned:
        same = record.identity == planned[path].identity
        return "" if same else "its run differs from the one that is planned there"
    sweep = next((parent for parent in path.parents if parent in plans), None)
    return "" if sweep is None else f"{sweep / PLAN_FILE} does not list it (give its folder to include it)"


def _once_each(runs: Loaded) -> tuple[Loaded, list[str]]:
    """Each arm's runs with each seed once: a run counted twice would narrow the interval without reason."""
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
