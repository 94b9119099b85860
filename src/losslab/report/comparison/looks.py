"""Colours and dashes of arms: the same arm looks alike in every picture of a comparison.

An arm's colour follows from its name, so that a loss also keeps its colour from one comparison to the next,
unless another arm of the comparison has taken it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

from losslab.comparison.ranking import best_first
from losslab.comparison.result import Arm, Comparison, TaskComparison

# Okabe and Ito's colours, which colour-blind readers can tell apart (https://jfly.uni-koeln.de/color/),
# without their yellow, too pale for a line on white; dashes once they are used up.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9"]
DASHES = ["-", "--", ":"]
MOST_ARMS = 14
LONGEST_LABEL = 48


class Look(NamedTuple):
    colour: str
    dash: str


def looks(labels: Sequence[str]) -> dict[str, Look]:
    """A look for each name; all different for up to 21 names."""
    found: dict[str, Look] = {}
    for label in dict.fromkeys(labels):
        dash = DASHES[len(found) // len(COLOURS) % len(DASHES)]
        start = zlib.crc32(label.encode()) % len(COLOURS)
        wanted = [Look(colour, dash) for colour in COLOURS[start:] + COLOURS[:start]]
        found[label] = next((look for look in wanted if look not in found.values()), wanted[0])
    return found


def looks_of(comparison: Comparison) -> dict[str, Look]:
    """For all arms that are drawn, by label."""
    return looks([arm.label for task in comparison.tasks for arm in chosen_arms(task)])


def chosen_arms(task: TaskComparison) -> list[Arm]:
    """The arms that fit into a picture, in the order of the sweep: the reference and the best."""
    if len(task.arms) <= MOST_ARMS:
        return task.arms
    ordered = sorted(
        best_first(task.arms, task.higher_is_better), key=lambda arm: arm.label != task.reference
    )
    kept = {arm.label for arm in ordered[:MOST_ARMS]}
    return [arm for arm in task.arms if arm.label in kept]


def shortened(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"
