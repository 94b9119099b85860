"""From the frame to the numbers that runs count with; `losslab/judgement/outcomes.py` has the rules.

Comparison and claims both use it, so they agree on runs that diverged, failed, or never reached a target.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.judgement import outcomes as judged
from losslab.judgement.outcomes import DIVERGED, Outcomes
from losslab.judgement.rows import Margin
from losslab.records.curves import load_curve, reaches
from losslab.records.record import Target


def primary(runs: pd.DataFrame) -> tuple[str, bool]:
    """The task's primary metric and whether higher is better; an empty name if no run got as far."""
    knowing = runs[runs["metric"] != ""]  # a run that failed early knows neither
    if knowing.empty:
        return "", True
    return str(knowing["metric"].iloc[0]), bool(knowing["higher_is_better"].iloc[0])


def of_metric(runs: pd.DataFrame, metric: str, split: str = "test") -> Outcomes:
    """A final metric of each run, with the index of `runs`, a frame of `losslab.records.frame`.

    Args:
        metric: its name; "recall_per_class.8" is the ninth entry of a metric with several.
    """
    final = [_entry(metrics.get(split, {}), metric) for metrics in runs["metrics"]]
    untrained = [
        _untrained(folder, metric) if status == DIVERGED else math.nan
        for folder, status in zip(runs["folder"], runs["status"], strict=True)
    ]
    return judged.of_metric(runs["status"], _like(runs, final), _like(runs, untrained))


def of_target(runs: pd.DataFrame, target: float) -> Outcomes:
    """Optimiser steps until the primary validation metric first reaches `target`."""
    reached = [_reached(run, target) for run in runs.to_dict("records")]
    # records of losslab 0.1 may lack planned_steps; a finished run did all of them
    planned = runs[["planned_steps", "steps"]].max(axis=1)
    return judged.of_steps(runs["status"], _like(runs, reached), planned.where(planned > 0))


def evaluation_interval(runs: pd.DataFrame) -> float:
    """Steps between two evaluations, at which alone a target is noticed: the most of any run; 0: unknown."""
    return max((float(evaluations.get("every", 0)) for evaluations in runs["evaluations"]), default=0.0)


def of_course(runs: pd.DataFrame, values: Sequence[float]) -> Outcomes:
    """A measure of training, one value for each of `runs`."""
    return judged.of_course(runs["status"], _like(runs, values))


def divergence(runs: pd.DataFrame) -> Outcomes:
    """Whether each run diverged."""
    return judged.divergence(runs["status"])


def collapse(runs: pd.DataFrame, margin: Margin | None) -> Outcomes:
    """Whether each of one arm's runs collapsed or diverged, by the primary metric on the test split.

    Args:
        margin: the smallest difference that matters in that metric; None for none.
    """
    metric, higher = primary(runs)
    return judged.collapse(of_metric(runs, metric), runs["status"], higher, margin)


def _like(runs: pd.DataFrame, values: Sequence[float]) -> pd.Series:
    return pd.Series(values, index=runs.index, dtype=float)


def _entry(metrics: Mapping[str, Any], name: str) -> float:
    """A number of a record; NaN if it has none of that name."""
    key, _, place = name.partition(".")
    found = metrics.get(name, metrics.get(key))
    if place and isinstance(found, list) and place.isdigit() and int(place) < len(found):
        found = found[int(place)]
    return found if isinstance(found, float) else math.nan


def _untrained(folder: Path, metric: str) -> float:
    """The validation metric before the first step."""
    return float(_curve(folder, metric).get(0, math.nan))


def _reached(run: Mapping[Any, Any], target: float) -> float:
    """The step, as recorded for a target of the task, else from the curve; NaN if it was not reached."""
    noted: list[Target] = [each for each in run["targets"] if each.value == target]
    if noted:
        return math.nan if noted[0].step is None else float(noted[0].step)
    curve = _curve(run["folder"], run["metric"])
    beyond = curve[reaches(curve, target, run["higher_is_better"])]
    return float(beyond.index[0]) if len(beyond) else math.nan


def _curve(folder: Path, metric: str) -> pd.Series:
    """The curve of the validation metric; empty if there is no readable one."""
    try:
        return load_curve(folder, "validation", metric)
    except (OSError, ValueError):
        return pd.Series(dtype=float)
