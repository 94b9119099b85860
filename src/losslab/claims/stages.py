"""Which runs a claim needs: tuning runs over each arm's grid, then reported runs at what was chosen.

Every arm gets the same grid and the same tuning seeds; no tuning seed is reported, and no tuning run reads
test data. An arm that is dropped in is not tuned: it takes another arm's values. Knows overrides, not Hydra.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from losslab.claims.schema import Claim
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
        return f"{self.condition}.{self.arm}" if self.condition else self.arm


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


def tuned_as(claim: Claim, cell: Cell) -> Cell:
    """The cell whose tuned values a cell takes: its own, except where it is dropped in."""
    return Cell(cell.condition, claim.condition(cell.condition).as_tuned_for or cell.arm)


def tuned_cells(claim: Claim, given: Sequence[str] = ()) -> list[Cell]:
    """The cells that have something to choose, and choose for themselves."""
    return [
        cell
        for cell in cells(claim)
        if tuned_as(claim, cell) == cell and len(points(claim, cell.condition, given)) > 1
    ]


def tuning_runs(claim: Claim, given: Sequence[str], quick: Sequence[str] = ()) -> list[ClaimRun]:
    """The runs that choose.

    Args:
        given: the command line's overrides, which win over the claim's.
        quick: the overrides of `--quick`, between the two.
    """
    return [
        _run(claim, cell, point, seed, given, quick, _TUNING_OVERRIDES)
        for cell in tuned_cells(claim, given)
        for point in points(claim, cell.condition, given)
        for seed in claim.tuning_seeds
    ]


def reporting_runs(
    claim: Claim,
    chosen: Mapping[Cell, Point],
    given: Sequence[str],
    quick: Sequence[str] = (),
    seeds: Iterable[int] = (),
    of: Collection[Cell] | None = None,
) -> list[ClaimRun]:
    """The runs that are reported, seed by seed: an interrupted stage leaves complete pairs.

    Args:
        chosen: the point of each tuned cell; a missing cell has only one point.
        of: the cells; None: all.
    """
    return [
        _run(claim, cell, chosen.get(tuned_as(claim, cell)) or points(claim, cell.condition, given)[0], seed,
             given, quick, _REPORTING_OVERRIDES)
        for seed in seeds
        for cell in cells(claim)
        if of is None or cell in of
    ]  # fmt: skip


def count(claim: Claim) -> tuple[int, int, int]:
    """How many tuning runs the claim has, and how many reported ones at least and at most."""
    tuning = sum(len(points(claim, cell.condition)) for cell in tuned_cells(claim)) * len(claim.tuning_seeds)
    return tuning, len(cells(claim)) * claim.stages[0], len(cells(claim)) * claim.stages[-1]


def _run(
    claim: Claim,
    cell: Cell,
    point: Point,
    seed: int,
    given: Sequence[str],
    quick: Sequence[str],
    stage: Sequence[str],
) -> ClaimRun:
    condition = claim.condition(cell.condition).overrides
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
