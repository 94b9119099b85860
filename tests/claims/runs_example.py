"""Fabricated runs of a claim's arms, whose numbers are known."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from losslab import records
from losslab.claims.stages import Cell
from losslab.records import FINISHED, Record, Target
from losslab.records.frame import read_runs

TRAINER = {"max_epochs": 1, "batch_size": 8, "precision": "32-true", "eval_every": "auto"}
EVALUATIONS = {"every": 2, "early": [], "samples": {}}


def make_run(
    folder: Path, seed: int, accuracy: float, status: str = FINISHED, curve: dict[int, float] | None = None
) -> pd.DataFrame:
    """The frame of one run with its record and curve, indexed by its seed; 100 steps were planned."""
    folder.mkdir(parents=True, exist_ok=True)
    record = Record(
        identity=f"{folder.name}{seed}",
        arm_identity=folder.name,
        task_identity="task",
        name=folder.name,
        seed=seed,
        choices={},
        overrides=[],
        config={"trainer": TRAINER},
        status=status,
        metric="accuracy",
        metrics={"test": {"accuracy": accuracy}} if status == FINISHED else {},
        steps=100,
        evaluations=EVALUATIONS,
        planned_steps=100,
    )
    rows = [(step, 0.0, "validation", "accuracy", value) for step, value in (curve or {}).items()]
    records.save(record, pd.DataFrame(rows, columns=records.CURVE_COLUMNS), folder)
    runs, problems = read_runs([folder])
    assert problems == []
    return runs.set_index("seed", drop=False)


@functools.cache
def _template() -> pd.DataFrame:
    with tempfile.TemporaryDirectory() as folder:
        return make_run(Path(folder), 0, 0.5)


def arm(
    name: str,
    accuracies: Sequence[float],
    condition: str = "",
    status: str = FINISHED,
    target: Target | None = None,
) -> dict[Cell, pd.DataFrame]:
    """Runs with the seeds from 0 on, as many as there are accuracies; they have no files."""
    runs = pd.concat([_template()] * len(accuracies))
    runs["seed"] = range(len(accuracies))
    runs["status"] = status
    runs["metrics"] = pd.Series([{"test": {"accuracy": value}} for value in accuracies]).array
    runs["targets"] = pd.Series([[target] if target else [] for _ in accuracies]).array
    return {Cell(condition, name): runs.set_index("seed", drop=False)}
