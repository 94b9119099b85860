"""`sweep.json`: which runs a sweep has, in order, and how its results are judged.

`sweep/plan.py` writes it, and `frame.py` and the comparison read it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from losslab.records import stored
from losslab.records.record import PLAN_FILE, PLAN_SCHEMA_VERSION
from losslab.records.stored import Stored, Unreadable


class PlannedRun(Stored):
    """A run as its sweep listed it; `folder` is relative to the sweep's."""

    folder: str
    identity: str
    name: str = ""
    overrides: list[str] = Field(default_factory=list)
    arm_identity: str = ""
    task_identity: str = ""
    seed: int | None = None


class Judging(Stored):
    """How a sweep's results are judged.

    Attributes:
        margin: the smallest difference that matters, "0.01" or "5%"; None: any difference.
        reference: label of the arm that the others are compared with; None: the first.
        stages: numbers of seeds after which results are judged while seeds are added; empty: the seeds were
            given, and results are judged once.
    """

    margin: str | None = None
    reference: str | None = None
    stages: list[int] = Field(default_factory=list)


class Plan(Stored):
    """A sweep's runs, in order; `judging` is None in the folders of a claim."""

    runs: list[PlannedRun] = Field(default_factory=list)
    judging: Judging | None = None
    schema_version: int = PLAN_SCHEMA_VERSION


def load_plan(sweep: Path) -> Plan:
    """The plan in a sweep's folder. Raises Unreadable if there is none, or if it is not valid."""
    return stored.load(Plan, sweep / PLAN_FILE, "sweep plan", PLAN_SCHEMA_VERSION)


def save_plan(plan: Plan, sweep: Path) -> None:
    """Writes it completely or not at all."""
    stored.save(plan, sweep / PLAN_FILE)


def plans_below(folder: Path) -> tuple[dict[Path, Plan], list[Unreadable]]:
    """The plan of every sweep at or below `folder`, by the sweep's folder; and those that cannot be read."""
    plans: dict[Path, Plan] = {}
    unreadable = []
    for path in sorted(path.resolve() for path in folder.rglob(PLAN_FILE)):
        try:
            plans[path.parent] = load_plan(path.parent)
        except Unreadable as error:
            unreadable.append(error)
    return plans, unreadable


def judgings_below(folders: Iterable[Path]) -> list[Judging]:
    """How the sweeps at or below `folders` are judged, each way once."""
    found = [plan.judging for folder in folders for plan in plans_below(folder)[0].values()]
    different: list[Judging] = []
    for judging in found:
        if judging is not None and judging not in different:
            different.append(judging)
    return different
