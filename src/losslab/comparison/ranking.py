"""Ranks of arms. Arms share a rank where nothing is shown between them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from losslab.comparison.result import Arm, TaskComparison
from losslab.judgement.collapse import collapsed
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import ALPHA, BETTER, WORSE, Stages, decide

MOST_ARMS = 100  # every pair of arms is compared


def set_ranks(task: TaskComparison, margin: Margin | None, stages: Stages | None) -> None:
    """Sets each arm's rank: 1, and one more for every arm that is shown to be better.

    An arm is shown to be better if the interval of the paired difference excludes zero and the signed-rank
    test agrees. Beside the reference that is the interval of the table; the other pairs share the 5 % evenly
    (Bonferroni). An arm without a value, and all arms if none has two seeds, have no rank.

    Args:
        stages: as the task was judged.
    """
    ranked = [arm for arm in task.arms if arm.estimate.n]
    if not 2 <= len(ranked) <= MOST_ARMS or max(arm.estimate.n for arm in ranked) < 2:
        return
    better = dict.fromkeys((arm.label for arm in ranked), 0)
    size = None if margin is None or margin.ratio else margin.size
    alone = [arm for arm in ranked if arm.label != task.reference]
    every = len(ranked) * (len(ranked) - 1) // 2
    shared = stages.shared_by(every) if stages else None
    for arm in alone:
        if (shown := _beside_reference(arm)) is not None:
            better[arm.label if shown == WORSE else task.reference] += 1
    for first, second in itertools.combinations(alone, 2):
        shown = _between(first, second, task.higher_is_better, size, shared, ALPHA / every)
        if shown in (BETTER, WORSE):
            better[(second if shown == BETTER else first).label] += 1
    for arm in ranked:
        arm.rank = 1 + better[arm.label]


def _beside_reference(arm: Arm) -> str | None:
    row = arm.judged
    if row is None or row.vetoed:
        return None
    neutral = 1.0 if row.margin is not None and row.margin.ratio else 0.0
    if row.low > neutral or row.high < neutral:  # false for the NaN of a single seed
        return BETTER if (row.low > neutral) == row.higher_is_better else WORSE
    return None


def _between(
    first: Arm, second: Arm, higher_is_better: bool, size: float | None, shared: Stages | None, level: float
) -> str:
    usable = [
        arm.outcomes[~collapsed(arm.outcomes, higher_is_better, size)].dropna() for arm in (first, second)
    ]
    differences = (usable[0] - usable[1]).dropna().to_numpy()
    return decide(
        differences if higher_is_better else -differences,
        None,
        shared.level(len(differences)) if shared else level,
    ).decision


def best_first(arms: Sequence[Arm], higher_is_better: bool) -> list[Arm]:
    """By rank; within a rank by the mean; those without a value last."""
    sign = -1.0 if higher_is_better else 1.0
    return sorted(
        arms,
        key=lambda arm: (
            arm.estimate.n == 0,
            arm.rank or 0,
            sign * arm.estimate.mean if arm.estimate.n else 0,
        ),
    )
