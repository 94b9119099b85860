"""Which runs a claim needs: a tuning stage over each arm's grid, then a reporting stage at what was chosen.

Every arm gets the same grid and the same tuning seeds; no tuning seed is reported, and no tuning run reads
test data. Knows overrides, not Hydra.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from losslab.claims.schema import ALL_IN_ONE, Claim
from losslab.errors import UserError

TUNING, REPORTING = "tuning", "reporting"
# What a tuning run does without. Not validation data, which it needs for tuning.
_TUNING_OVERRIDES = ("read_test=false", "diagnostics=off", "pictures=null")
_REPORTING_OVERRIDES = ("pictures=null",)
_KEY = re.compile(r"^[+~]*([^=@]+)")
_BARE = re.compile(
    r"[A-Za-z0-9_./+-]+"
)  # Hydra takes such text as it is, and reads it as a number if it looks like one
_NOT_BARE = ("null", "true", "false", "nan", "inf")  # words that it would read as something else


@dataclasses.dataclass(frozen=True)
class Cell:
    """An arm under a condition: what is tuned as one, and reported as one."""

    condition: str
    arm: str

    @property
    def name(self) -> str:
        return self.arm if self.condition == ALL_IN_ONE else f"{self.condition}.{self.arm}"


Point = tuple[tuple[str, Any], ...]  # of the grid: (config key, value) for each tuned key


@dataclasses.dataclass(frozen=True)
class ClaimRun:
    """One run of a claim: its place in the design, and its overrides."""

    cell: Cell
    point: Point
    seed: int
    overrides: tuple[str, ...]
    name: str


def cells(claim: Claim) -> list[Cell]:
    return [Cell(condition, arm) for condition in claim.condition_names for arm in claim.arms]


def points(claim: Claim, condition: str, given: Iterable[str] = ()) -> list[Point]:
    """The grid under a condition, without the keys that the command line has fixed."""
    fixed = {_key(override) for override in given}
    grid = {key: values for key, values in claim.grid(condition).items() if key not in fixed}
    return [tuple(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def tuning_runs(claim: Claim, given: Sequence[str], quick: Sequence[str] = ()) -> list[ClaimRun]:
    """The runs that choose: none for a cell whose grid has one point only.

    Args:
        given: the command line's overrides, which win over the claim's.
        quick: the overrides of `--quick`, between the two.
    """
    return [
        _run(claim, cell, point, seed, given, quick, _TUNING_OVERRIDES)
        for cell in cells(claim)
        if len(choices := points(claim, cell.condition, given)) > 1
        for point in choices
        for seed in claim.tuning_seeds
    ]


def reporting_runs(
    claim: Claim, chosen: Mapping[Cell, Point], given: Sequence[str], quick: Sequence[str] = ()
) -> list[ClaimRun]:
    """The runs that are reported, seed by seed: an interrupted stage leaves complete pairs.

    Args:
        chosen: the point of each tuned cell; a missing cell has only one point.
    """
    return [
        _run(claim, cell, chosen.get(cell) or points(claim, cell.condition, given)[0], seed, given, quick,
             _REPORTING_OVERRIDES)
        for seed in claim.seeds
        for cell in cells(claim)
    ]  # fmt: skip


def count(claim: Claim) -> tuple[int, int]:
    """How many tuning and reporting runs the claim has."""
    tuning = sum(
        len(grid) * len(claim.tuning_seeds)
        for cell in cells(claim)
        if len(grid := points(claim, cell.condition)) > 1
    )
    return tuning, len(cells(claim)) * len(claim.seeds)


def _run(
    claim: Claim,
    cell: Cell,
    point: Point,
    seed: int,
    given: Sequence[str],
    quick: Sequence[str],
    stage: Sequence[str],
) -> ClaimRun:
    condition = claim.conditions[cell.condition].overrides if cell.condition in claim.conditions else []
    tuned = [f"{key}={hydra_value(value)}" for key, value in point]
    overrides = _last_wins(
        [*stage, *condition, *claim.arms[cell.arm], *quick, *given, *tuned, f"seed={seed}"]
    )
    shown = [f"{key.rsplit('.', 1)[-1]}={hydra_value(value)}" for key, value in point]
    return ClaimRun(cell, point, seed, tuple(overrides), ",".join([cell.name, *shown, f"seed={seed}"]))


def hydra_value(value: Any) -> str:
    """A value of a grid, as written in an override.

    https://hydra.cc/docs/advanced/override_grammar/basic/#values
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{','.join(hydra_value(item) for item in value)}]"
    if isinstance(value, str) and (not _BARE.fullmatch(value) or value.lower().lstrip("+-") in _NOT_BARE):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return str(value)


def _last_wins(overrides: Iterable[str]) -> list[str]:
    """Each key once, with its last value: Hydra refuses a group that is chosen twice."""
    by_key: dict[str, str] = {}
    for override in overrides:
        by_key.pop(_key(override), None)
        by_key[_key(override)] = override
    return list(by_key.values())


def _key(override: str) -> str:
    match = _KEY.match(override)
    if match is None:
        raise UserError(f"{override!r} is not an override: write key=value")
    return match[1]
