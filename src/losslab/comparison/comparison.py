"""From the records of runs to a comparison: arms over paired seeds, one table per task.

Reads the frame of `losslab/records/`, which also says which number each run counts with. The arithmetic is in
`losslab/judgement/`, names of arms are in `labels.py`, tables and figures are in `report/`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.comparison.labels import describe, labels
from losslab.comparison.ranking import set_ranks
from losslab.comparison.result import Arm, Comparison, TaskComparison, listed
from losslab.errors import UserError
from losslab.judgement.intervals import (
    Estimate,
    mean_interval,
    steps_to_target,
)
from losslab.judgement.judge import judge
from losslab.judgement.outcomes import DIVERGED, FAILED
from losslab.judgement.outcomes import notes as notes_on
from losslab.judgement.over_conditions import OverConditions, over_conditions
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import Stages
from losslab.records import outcomes as outcomes_of
from losslab.records.comparable import mixtures
from losslab.records.frame import load_runs
from losslab.records.plan import Judging, judgings_below

__all__ = ["Arm", "Comparison", "TaskComparison", "compare", "compare_runs", "load_runs"]

# Values of different losses are different quantities, which no table may compare.
NOT_COMPARABLE = ("loss",)
FEWEST_SUSPICIOUSLY_EQUAL = 3
DIFFERENT_WAYS = (
    "Mixed: these sweeps were made with different margins, references or stages, and are judged without what "
    "they do not share: report each alone."
)


def compare(
    folders: Sequence[Path],
    reference: str | None = None,
    metric: str | None = None,
    margin: Margin | None = None,
    stages: Stages | None = None,
) -> Comparison:
    """The comparison of all runs recorded at or below `folders`; see `compare_runs`.

    A sweep is judged as it says itself (`decide.margin`, stages, reference), where nothing else is given:
    read again as a single look, the intervals of one made in stages would be too narrow.
    """
    runs, problems = load_runs(folders)
    if runs.empty:
        where = ", ".join(str(folder) for folder in folders)
        hint = f"; {problems[0]}" if problems else ""
        raise UserError(f"no record of a run to compare at or below {where}{hint}")
    own, agreed = _own_way(folders)
    if not agreed:
        problems.append(DIFFERENT_WAYS)
    margin = margin or Margin.parse(own.margin)
    stages = stages or (Stages(tuple(own.stages)) if own.stages else None)
    reference = reference or own.reference
    return compare_runs(runs, problems, reference, metric, margin, stages)


def compare_runs(
    runs: pd.DataFrame,
    problems: Sequence[str] = (),
    reference: str | None = None,
    metric: str | None = None,
    margin: Margin | None = None,
    stages: Stages | None = None,
) -> Comparison:
    """The comparison of a frame of `load_runs`.

    Args:
        reference: label of the arm that the others are compared with; by default the first.
        metric: a test metric; by default the task's primary one.
        margin: the smallest difference that matters; None: any.
        stages: numbers of seeds at which results are judged while seeds are added; None: they are judged
            once.
    """
    blocks = _grouped(runs, "task_identity")
    names = labels([describe(key, _rows(block), below="task") for key, block in blocks.items()], "task")
    labelled = [_labelled_arms(block) for block in blocks.values()]
    _check_reference(reference, labelled)
    _check_metric(metric, runs)
    tasks = [_compare_task(name, arms, reference, metric) for name, arms in zip(names, labelled, strict=True)]
    for task in tasks:
        if task.metric == task.primary_metric:  # the direction of another metric is not known
            _judge(task, margin, stages)
            set_ranks(task, margin, stages)
    failures = [sentence for task in tasks for arm in task.arms for sentence in _failures(task, arm)]
    return Comparison(tasks, [*mixtures(runs), *problems], failures, _over_tasks(tasks, margin))


def _own_way(folders: Sequence[Path]) -> tuple[Judging, bool]:
    """How the sweeps say that they are judged, as far as they agree, and whether they do."""
    ways = judgings_below(map(Path, folders))
    if not ways:
        return Judging(), True
    common = {
        key: getattr(ways[0], key)
        for key in Judging.model_fields
        if all(getattr(way, key) == getattr(ways[0], key) for way in ways)
    }
    return Judging(**common), len(ways) == 1


def _labelled_arms(block: pd.DataFrame) -> dict[str, pd.DataFrame]:
    groups = _grouped(block, "arm_identity")
    names = labels([describe(key, _rows(group)) for key, group in groups.items()])
    return dict(zip(names, groups.values(), strict=True))


def _compare_task(
    name: str, labelled: dict[str, pd.DataFrame], reference: str | None, metric: str | None
) -> TaskComparison:
    every = pd.concat(list(labelled.values()))
    primary, higher_is_better = outcomes_of.primary(every)
    notes = []
    chosen = metric or primary
    if chosen not in _test_metrics(every) and metric is not None:
        notes.append(f"No run on {name} has {metric}: the table shows {primary or 'its outcomes'}.")
        chosen = primary
    if chosen != primary:
        notes.append(f"No ranks: the records give a direction only for {primary}.")
    first = next(iter(labelled))
    if reference is not None and reference not in labelled:
        notes.append(f"There is no arm {reference} on {name}: differences are from {first}.")
        reference = None
    target_values = dict.fromkeys(target.value for targets in every["targets"] for target in targets)
    arms = [_arm(label, runs, chosen, list(target_values)) for label, runs in labelled.items()]
    task = TaskComparison(
        name,
        str(every["task_identity"].iloc[0]),
        chosen,
        primary,
        higher_is_better,
        reference or first,
        arms,
        notes,
    )
    for arm in arms:
        if arm.label != task.reference:
            arm.difference = task.difference(arm.label, task.reference)
    task.notes += [note for arm in arms for note in _doubts(arm, chosen)]
    return task


def _judge(task: TaskComparison, margin: Margin | None, stages: Stages | None) -> None:
    """Judges every arm against the reference."""
    if not task.metric or len(task.arms) < 2:
        return
    values = pd.concat([pd.DataFrame({"arm": arm.label, task.metric: arm.outcomes}) for arm in task.arms])
    found = judge(
        values.rename_axis("seed").reset_index(),
        metric=task.metric,
        reference=task.reference,
        margin=margin,
        lower_is_better=not task.higher_is_better,
        stages=stages,
    )
    for row in found.rows:
        arm = task.arm(row.arm)
        arm.judged = row
        if margin is None or not margin.ratio:  # a ratio margin judges ratios; the table shows differences
            arm.difference = Estimate(row.mean, row.low, row.high, row.n)


def _over_tasks(tasks: Sequence[TaskComparison], margin: Margin | None) -> OverConditions | None:
    """The arms over the tasks; without the tasks whose metric has no known direction."""
    known = {task.task: task for task in tasks if task.metric and task.metric == task.primary_metric}
    return over_conditions(
        {name: pd.DataFrame({arm.label: arm.outcomes for arm in task.arms}) for name, task in known.items()},
        {name: task.higher_is_better for name, task in known.items()},
        [arm.judged for task in known.values() for arm in task.arms if arm.judged],
        margin,
    )


def _arm(label: str, runs: pd.DataFrame, metric: str, targets: Sequence[float]) -> Arm:
    runs = runs.sort_values("seed", kind="stable").set_index("seed", drop=False)
    counted = outcomes_of.of_metric(runs, metric)
    steps = {value: steps_to_target(outcomes_of.of_target(runs, value).reached) for value in targets}
    identity = str(runs["arm_identity"].iloc[0])
    return Arm(label, identity, counted, mean_interval(counted.number), steps, runs)


def _test_metrics(runs: pd.DataFrame) -> list[str]:
    tested = [metrics.get("test", {}) for metrics in runs["metrics"]]
    names = {name for metrics in tested for name, value in metrics.items() if isinstance(value, float)}
    return sorted(names - set(NOT_COMPARABLE))


def _check_metric(metric: str | None, runs: pd.DataFrame) -> None:
    if metric in NOT_COMPARABLE:
        raise UserError(f"{metric} cannot be compared: values of different losses are different quantities")
    if metric is not None and metric not in (known := _test_metrics(runs)):
        raise UserError(f"no run has a test metric {metric!r}; the metrics are: {listed(known) or 'none'}")


def _check_reference(reference: str | None, labelled: Sequence[Mapping[str, Any]]) -> None:
    known = list(dict.fromkeys(label for arms in labelled for label in arms))
    if reference is not None and reference not in known:
        raise UserError(f"no arm {reference!r} to compare with; the arms are: {listed(known)}")


def _failures(task: TaskComparison, arm: Arm) -> list[str]:
    sentences = []
    for run in _rows(arm.runs):
        who = f"{arm.label}, seed {run['seed']} on {task.task}"
        if run["status"] == DIVERGED:
            when = "" if pd.isna(run["diverged_at"]) else f" at step {int(run['diverged_at'])}"
            sentences.append(f"Diverged: {who}{when}")
        elif run["status"] == FAILED:
            error = run["error"] or {}
            why = f": {error.get('type', 'error')}: {error.get('message', '')}".rstrip(": ")
            sentences.append(f"Failed: {who}{why} ({run['folder']})")
    return sentences


def _doubts(arm: Arm, metric: str) -> list[str]:
    ended = arm.runs.loc[arm.runs["status"] != FAILED, "seed"]
    without = [int(seed) for seed in ended if math.isnan(arm.outcomes[seed])]
    notes = [f"{arm.label}: {note}" for note in notes_on(arm.counted)]
    if without and metric:
        notes.append(f"{arm.label} has no value of {metric} for seed {listed(without)}: left out.")
    if arm.estimate.n >= FEWEST_SUSPICIOUSLY_EQUAL and arm.estimate.low == arm.estimate.high:
        notes.append(
            f"All {arm.estimate.n} seeds of {arm.label} gave exactly the same {metric}: an interval without "
            "width says nothing about other seeds."
        )
    return notes


def _grouped(frame: pd.DataFrame, column: str) -> dict[str, pd.DataFrame]:
    """Groups in the order of their first rows."""
    return {str(key): group for key, group in frame.groupby(column, sort=False)}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
