"""What a comparison is: tasks, their arms, and what is said of each.

It is made in `comparison.py` and shown in `report/comparison/`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from losslab.errors import UserError
from losslab.judgement.intervals import Estimate, StepsToTarget, median, paired_difference
from losslab.judgement.outcomes import DIVERGED, FAILED, FINISHED, Outcomes
from losslab.judgement.over_conditions import OverConditions
from losslab.judgement.rows import Row
from losslab.judgement.sentences import sentences
from losslab.judgement.sequential import OPEN


@dataclasses.dataclass
class Arm:
    """One arm's outcomes on one task.

    Attributes:
        counted: the number that each run counts with in the test metric, indexed by seed.
        estimate: mean and interval over the runs that have a value.
        difference: from the reference arm, over the seeds both have; None for the reference itself.
        targets: target of the primary validation metric -> median steps over the runs that did not fail.
        judged: against the reference and the margin; None for the reference itself, or if the direction of
            the metric is unknown.
        rank: by `ranking.py`; None if the direction of the metric is unknown, or no arm has two seeds.
        runs: the arm's rows of the frame of `load_runs`, by seed.
    """

    label: str
    arm_identity: str
    counted: Outcomes
    estimate: Estimate
    targets: dict[float, StepsToTarget]
    runs: pd.DataFrame
    difference: Estimate | None = None
    judged: Row | None = None
    rank: int | None = None

    @property
    def outcomes(self) -> pd.Series:
        """The numbers alone, by seed; NaN for a run without one."""
        return self.counted.number

    def count(self, status: str) -> int:
        return int((self.runs["status"] == status).sum())


@dataclasses.dataclass
class TaskComparison:
    """All arms of one task, in the order of the sweep. `higher_is_better` is the primary metric's."""

    task: str
    task_identity: str
    metric: str
    primary_metric: str
    higher_is_better: bool
    reference: str
    arms: list[Arm]
    notes: list[str]

    def arm(self, label: str) -> Arm:
        """The arm with this label. Raises UserError with all labels if there is none."""
        for arm in self.arms:
            if arm.label == label:
                return arm
        raise UserError(f"no arm {label!r} on {self.task}; the arms are: {listed(self.arm_labels)}")

    def difference(self, label: str, other: str) -> Estimate:
        """Arm `label` minus arm `other` in the metric, over the seeds both have."""
        return paired_difference(self.arm(label).outcomes, self.arm(other).outcomes)

    @property
    def sentences(self) -> list[str]:
        """Who is better, by how much, and what is open."""
        return sentences(arm.judged for arm in self.arms if arm.judged is not None)

    @property
    def arm_labels(self) -> list[str]:
        return [arm.label for arm in self.arms]


@dataclasses.dataclass
class Comparison:
    """One `TaskComparison` per task: values of different tasks are never compared, only ranks.

    Attributes:
        problems: what is mixed, missing, stale, repeated or unreadable, one sentence each.
        failures: runs that diverged or failed, one sentence each.
        overall: the arms over all tasks; None if there are fewer than two tasks.
    """

    tasks: list[TaskComparison]
    problems: list[str]
    failures: list[str]
    overall: OverConditions | None = None

    def overall_sentences(self) -> list[str]:
        """The one answer over all tasks; empty if there are fewer than two."""
        return self.overall.sentences("task") if self.overall else []

    def unreadable(self) -> str:
        """One sentence about records and plans that cannot be read and are left out; empty if none."""
        found = [problem for problem in self.problems if problem.startswith("Unreadable: ")]
        more = f"; and {len(found) - 1} more that cannot be read" if len(found) > 1 else ""
        return f"{found[0].removeprefix('Unreadable: ')}{more}" if found else ""

    def open_arms(self) -> set[str]:
        """Identities of the arms that are not decided, and of those that they are compared with."""
        found: set[str] = set()
        for task in self.tasks:
            names = {arm.label for arm in task.arms if arm.judged and arm.judged.decision == OPEN}
            found |= {arm.arm_identity for arm in task.arms if arm.label in names}
            found |= {task.arm(task.reference).arm_identity} if names else set()
        return found

    def progress(self) -> str:
        """ "mse worse, brier equal; open: l1"."""
        rows = [(task, arm.judged) for task in self.tasks for arm in task.arms if arm.judged]
        several = len(self.tasks) > 1
        name = lambda task, row: f"{row.arm} on {task.task}" if several else row.arm  # noqa: E731
        decided = [f"{name(task, row)} {row.decision}" for task, row in rows if row.decision != OPEN]
        still = [name(task, row) for task, row in rows if row.decision == OPEN]
        parts = [", ".join(decided), f"open: {', '.join(still)}" if still else "nothing is open"]
        return "; ".join(part for part in parts if part)

    def frame(self) -> pd.DataFrame:
        """One row per arm and task with all numbers in full; a target that was not reached is empty."""
        return pd.DataFrame([_plain(task, arm) for task in self.tasks for arm in task.arms])


def _plain(task: TaskComparison, arm: Arm) -> dict[str, Any]:
    difference = arm.difference or Estimate(math.nan, math.nan, math.nan, 0)
    row = {
        "task": task.task,
        "arm": arm.label,
        "rank": arm.rank,
        "metric": task.metric,
        "runs": len(arm.runs),
        **{status: arm.count(status) for status in (FINISHED, DIVERGED, FAILED)},
        "n": arm.estimate.n,
        "mean": arm.estimate.mean,
        "low": arm.estimate.low,
        "high": arm.estimate.high,
        "median": median(arm.outcomes),
        "reference": task.reference,
        "difference": difference.mean,
        "difference_low": difference.low,
        "difference_high": difference.high,
        "pairs": difference.n,
        "margin": "" if arm.judged is None or arm.judged.margin is None else str(arm.judged.margin),
        "decision": "" if arm.judged is None else arm.judged.decision,
        "seeds_needed": None if arm.judged is None else arm.judged.seeds_needed,
        "seeds": " ".join(str(seed) for seed in arm.outcomes.index),
        "arm_identity": arm.arm_identity,
        "task_identity": task.task_identity,
    }
    for value, steps in arm.targets.items():
        row[f"median_steps_to_{value:.10g}"] = steps.median
        row[f"reached_{value:.10g}"] = steps.reached
    return row


def listed(items: Sequence[Any]) -> str:
    """ "a, b, c"."""
    return ", ".join(str(item) for item in items)
