"""A comparison's tables as text: which columns there are, and what stands in each cell.

How they are shown is in `printed.py` (terminal) and `documents.py` (files).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from losslab.comparison.ranking import best_first
from losslab.comparison.result import Arm, TaskComparison
from losslab.judgement.intervals import Estimate, StepsToTarget
from losslab.records import DIVERGED, FAILED, FINISHED

DASH = "–"
NOT_REACHED = "not reached"
EXPLANATION = (
    "± and [ ]: 95 % Student-t intervals over seeds; those of differences hold together for all arms. "
    "A run that diverged counts with the validation metric of its untrained network; one that failed has no "
    "value and is left out. Differences are over the seeds that have a value in both arms and collapsed in "
    "neither. "
    "Rank: one more than the number of arms that are shown to be better; = where arms share it. "
    "Steps: median, a run that never got there counting as infinite (runs that did / all that did not fail)."
)


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        heading: may have a line break, for narrow columns.
        importance: 0 for what a reader needs first; where there is no room, the largest are left out first.
    """

    heading: str
    cells: list[str]
    importance: int
    numeric: bool = True


def columns(task: TaskComparison) -> list[Column]:
    """The columns of one task's table, one cell per arm, the best arm first.

    Columns without information are left out.
    """
    arms, digits = best_first(task.arms, task.higher_is_better), number_format(task)
    relation = "≥" if task.higher_is_better else "≤"
    table = [Column("rank", _places(arms), 3)] if any(arm.rank for arm in arms) else []
    table += [
        Column("arm", [arm.label for arm in arms], 0, numeric=False),
        Column(f"test\n{task.metric}".strip(), [_mean(arm.estimate, digits) for arm in arms], 2),
    ]
    if len(arms) > 1:
        table.append(
            Column(f"difference from\n{task.reference}", [_difference(arm, digits) for arm in arms], 1)
        )
        if any(arm.judged for arm in arms):
            table.append(Column("decision", [arm.judged.decision if arm.judged else DASH for arm in arms], 4))
        table.append(Column("pairs", [str(arm.difference.n) if arm.difference else DASH for arm in arms], 8))
    table += [
        Column(f"steps to\n{relation} {value:g}", [_steps(arm.targets[value]) for arm in arms], 10 + place)
        for place, value in enumerate(arms[0].targets if arms else ())
    ]
    table.append(Column("finished", [f"{arm.count(FINISHED)}/{len(arm.runs)}" for arm in arms], 7))
    for status in (DIVERGED, FAILED):
        counts = [arm.count(status) for arm in arms]
        if any(counts):
            table.append(Column(status, [str(count) for count in counts], 5))
    return table


def protocol_line(task: TaskComparison) -> str:
    """What was done, in one line: "task digits · model mlp · seeds 0–4 · 20 epochs · 640 steps"."""
    runs = [run for arm in task.arms for run in arm.runs.to_dict("records")]
    models = list(dict.fromkeys(str(run["choices"]["model"]) for run in runs if "model" in run["choices"]))
    trainers = [trainer for run in runs if isinstance(trainer := run["config"].get("trainer"), dict)]
    epochs = {trainer["max_epochs"] for trainer in trainers if isinstance(trainer.get("max_epochs"), int)}
    steps = {int(run["steps"]) for run in runs if run["status"] == FINISHED}
    seeds = [set(arm.outcomes.index) for arm in task.arms]
    every_seed = sorted({int(seed) for some in seeds for seed in some})
    uneven = " (not in every arm)" if any(some != seeds[0] for some in seeds) else ""
    parts = [
        f"task {task.task}",
        f"model {models[0]}" if len(models) == 1 else f"{len(models)} models" if models else "",
        f"{'seed' if len(every_seed) == 1 else 'seeds'} {_ranges(every_seed)}{uneven}",
        _count(epochs, "epoch"),
        _count(steps, "step"),
    ]
    return " · ".join(part for part in parts if part)


def number_format(task: TaskComparison) -> str:
    """Four decimals for shares like an accuracy, else four significant digits."""
    values = [float(value) for arm in task.arms for value in arm.outcomes.dropna()]
    shares = all(0 <= value <= 1 for value in values) and max(values, default=0) >= 0.01
    return ".4f" if shares else ".4g"


def _places(arms: Sequence[Arm]) -> list[str]:
    every = [arm.rank for arm in arms]
    return [DASH if rank is None else f"{rank}=" if every.count(rank) > 1 else str(rank) for rank in every]


def _mean(estimate: Estimate, digits: str) -> str:
    if estimate.n == 0:
        return DASH
    return f"{estimate.mean:{digits}} ± {_number(estimate.half_width, digits)}"


def _difference(arm: Arm, digits: str) -> str:
    difference = arm.difference
    if difference is None:
        return "reference"
    if difference.n == 0:
        return DASH
    low, high = (_number(end, f"+{digits}") for end in (difference.low, difference.high))
    return f"{difference.mean:+{digits}} [{low}, {high}]"


def _steps(steps: StepsToTarget) -> str:
    median = NOT_REACHED if steps.median is None else f"{steps.median:,.10g}"
    return f"{median} ({steps.reached}/{steps.n})"


def _number(value: float, digits: str) -> str:
    return DASH if math.isnan(value) else f"{value:{digits}}"


def _count(numbers: Iterable[int], unit: str) -> str:
    ordered = sorted(numbers)
    if not ordered:
        return ""
    many = f"{ordered[0]:,}" if len(ordered) == 1 else f"{ordered[0]:,}–{ordered[-1]:,}"
    return f"{many} {unit if ordered == [1] else unit + 's'}"


def _ranges(numbers: Sequence[int]) -> str:
    """[0, 1, 2, 5] -> "0–2, 5"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in spans)
