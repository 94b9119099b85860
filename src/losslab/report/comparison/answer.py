"""The answer of a comparison in plain words, and what to do next."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from pathlib import Path

from losslab.comparison.result import Comparison, TaskComparison
from losslab.judgement.rows import Row
from losslab.judgement.sentences import sentences, with_digits
from losslab.judgement.sequential import BETTER, EQUAL, OPEN, WORSE

FEWEST_SEEDS = 5  # that a next try is advised to have


def answer(task: TaskComparison) -> str:
    """One or two sentences: who is better on the task, or that the seeds do not say."""
    rows = _rows(task)
    if len(task.arms) < 2:
        return f"There is only {task.arms[0].label} on {task.task}: nothing to compare it with."
    if not rows:
        return (
            f"{task.metric or 'The metric'} has no known direction on {task.task}: no arm is called better."
        )
    counted = [row for row in rows if row.n]
    if counted and all(row.n == 1 for row in counted):
        return _with_one_seed(task, counted)
    if len(rows) == 1:
        return f"On {task.task}, {_about(rows[0])}"
    if all(row.decision == OPEN for row in rows):
        return _nothing_shown(task, counted)
    groups = {
        "better": [row.arm for row in rows if row.decision == BETTER],
        f"equal within {rows[0].margin}": [row.arm for row in rows if row.decision == EQUAL],
        "worse": [row.arm for row in rows if row.decision == WORSE],
        "not decided": [row.arm for row in rows if row.decision == OPEN],
    }
    told = "; ".join(f"{word}: {', '.join(arms)}" for word, arms in groups.items() if arms)
    return f"On {task.task}, beside {task.reference} in {task.metric} after {_seeds(counted)}: {told}."


def details(task: TaskComparison) -> list[str]:
    """What `answer` leaves out: a sentence for each arm, and runs that collapsed or have no partner."""
    rows = _rows(task)
    if len(rows) == 1 and rows[0].n:
        return sentences(rows)[1:]
    return [] if all(row.n == 1 for row in rows) else sentences(rows)


def next_steps(comparison: Comparison, folder: Path) -> list[str]:
    """What the user can do next with the sweep in `folder`, one line each."""
    where = shlex.quote(str(folder))
    look = f"Look at the curves: losslab-tensorboard {where}"
    rows = [row for task in comparison.tasks for row in _rows(task) if row.decision == OPEN and row.n]
    if not rows:
        return [look]
    needed = [row.seeds_needed for row in rows if row.seeds_needed is not None]
    seeds = max(FEWEST_SEEDS, min(needed, default=0), 1 + max(row.n for row in rows))
    staged = any(row.margin is not None for row in rows)  # without seed=, stages continue where they stopped
    given = f"{'and without seed=, or with' if staged else 'and'} 'seed=range(0,{seeds})'"
    more = f"Add seeds: repeat the command with folder={where} {given}"
    until = "Or leave out seed= and say what difference matters, e.g. decide.margin=0.01: it adds seeds"
    return [
        f"{more}; finished runs are kept",
        *([f"{until} until every arm is decided"] if all(row.margin is None for row in rows) else []),
        look,
    ]


def _rows(task: TaskComparison) -> list[Row]:
    return [arm.judged for arm in task.arms if arm.judged is not None]


def _about(row: Row) -> str:
    """One arm beside the reference, without the seeds that would decide."""
    if row.decision != OPEN or not row.n or row.vetoed:
        return sentences([row])[0]
    doubt = _doubt(row)
    if row.margin is not None and row.margin.ratio:
        factor = with_digits(row.mean, row)
        return f"the {row.metric} of {row.arm} is {factor} times that of {row.reference}, but {doubt}"
    return f"the {row.metric} of {row.arm} is {_above(row)} that of {row.reference}, but {doubt}"


def _doubt(row: Row) -> str:
    neutral = 1.0 if row.margin is not None and row.margin.ratio else 0.0
    interval = f"[{with_digits(row.low, row)}, {with_digits(row.high, row)}]"
    if row.low <= neutral <= row.high:
        return f"{_seeds([row])} cannot rule out that there is no difference: {interval}."
    return f"{_seeds([row])} do not say whether it exceeds the margin of {row.margin}: {interval}."


def _nothing_shown(task: TaskComparison, rows: Sequence[Row]) -> str:
    if not rows:
        return f"On {task.task}, no arm has a seed in common with {task.reference}: nothing to compare."
    sign = 1 if task.higher_is_better else -1
    best = max(rows, key=lambda row: sign * row.mean if math.isfinite(row.mean) else -math.inf)
    others = f"{task.reference} or any of the {len(rows)} others"
    shown = f"On {task.task}, {_seeds(rows)} do not show which is better, {others}."
    neutral = 1.0 if best.margin is not None and best.margin.ratio else 0.0
    if sign * (best.mean - neutral) <= 0:
        return f"{shown} None of them has a better mean."
    return f"{shown} The best mean is that of {best.arm}: {_about(best)}"


def _with_one_seed(task: TaskComparison, rows: Sequence[Row]) -> str:
    sign = 1 if task.higher_is_better else -1
    best = max((arm for arm in task.arms if arm.estimate.n), key=lambda arm: sign * arm.estimate.mean)
    return (
        f"On {task.task}, {best.label} has the best {task.metric}, {best.estimate.mean:.4g}, with one seed. "
        "This is no ranking: one seed says nothing about others."
    )


def _above(row: Row) -> str:
    return f"{with_digits(abs(row.mean), row)} {'above' if row.mean >= 0 else 'below'}"


def _seeds(rows: Sequence[Row]) -> str:
    few, many = min(row.n for row in rows), max(row.n for row in rows)
    return f"{few} to {many} seeds" if few != many else f"{few} seed{'' if few == 1 else 's'}"
