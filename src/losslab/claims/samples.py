"""The numbers that a row is judged by: which runs they come from, and which runs are left out.

Not here: what is decided from them (`rows.py`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from losslab.claims import conditions, measures
from losslab.claims.conditions import WHOLE
from losslab.claims.margins import margin_of
from losslab.claims.schema import Claim, Prediction, split_reference
from losslab.claims.stages import Cell
from losslab.claims.verdict import CollapsedShare
from losslab.judgement import evidence as inference
from losslab.judgement import outcomes
from losslab.judgement.evidence import Bounds
from losslab.judgement.outcomes import Outcomes
from losslab.records.outcomes import evaluation_interval, primary

Runs = Mapping[Cell, pd.DataFrame]  # the reported runs of each cell: a frame's rows, indexed by seed
NO_BOUNDS = Bounds()


@dataclasses.dataclass(frozen=True)
class Slot:
    """A row before it is judged: the condition under which it counts (WHOLE: all), and what it compares."""

    prediction: Prediction
    condition: str
    label: str
    cells: tuple[Cell, ...] = ()
    quantity: str = ""


@dataclasses.dataclass(frozen=True)
class Sample:
    """The numbers of a row at one look, on the scale of the test.

    Attributes:
        judged: seeds that count for the level of the look, which collapsed ones do, too.
        resolution: step of the scale on which the numbers were measured.
    """

    numbers: np.ndarray
    judged: int
    notes: list[str]
    bounds: Bounds = NO_BOUNDS
    resolution: float = 0.0


class Numbers:
    """The numbers of all runs of a claim, each read once."""

    def __init__(self, claim: Claim, runs: Runs) -> None:
        self.claim = claim
        self.runs = runs
        self._read: dict[tuple[Cell, str, float | None], Outcomes] = {}

    def of(self, cell: Cell, metric: str, target: float | None, seeds: Iterable[int]) -> Outcomes:
        """The number of each run of `cell` with one of the seeds."""
        key = (cell, metric, target)
        if key not in self._read:
            self._read[key] = measures.outcomes_of(self.runs[cell], metric, target, self.claim.margins)
        found = self._read[key]
        kept = found.number.index.isin(list(seeds))
        return Outcomes(found.number[kept], found.untrained[kept], found.censored[kept])

    def seeds(self, cell: Cell) -> int:
        """How many seeds were run, counted from the claim's first."""
        index = self.runs[cell].index
        return int(index.max()) - self.claim.first_seed + 1 if len(index) else 0

    def collapsed(self, cell: Cell, seeds: Iterable[int]) -> list[int]:
        """The seeds whose run ends far below the others of its arm, in the task's primary metric."""
        metric, higher = primary(self.runs[cell])
        numbers = self.of(cell, metric, None, seeds).number
        lost = outcomes.far_worse(numbers, higher, margin_of(metric, self.claim.margins))
        return [int(seed) for seed in numbers.index[lost]]

    def collapsed_shares(self) -> list[CollapsedShare]:
        """One for each cell with a run that collapsed or diverged, as in the measure `collapsed`."""
        found = []
        for cell, runs in self.runs.items():
            hits = self.of(cell, measures.COLLAPSED_SHARE, None, runs.index).number.dropna()
            if hits.any():
                share = inference.share_interval(hits)
                lost = [int(seed) for seed in hits.index[hits == 1]]
                found.append(
                    CollapsedShare(
                        condition=cell.condition, arm=cell.arm, seeds=lost, n=share.n,
                        share=share.mean, low=share.low, high=share.high,
                    )
                )  # fmt: skip
        return found


def slots(claim: Claim, prediction: Prediction) -> list[Slot]:
    """The rows of a prediction: one for each condition, arm and arm that it is compared with."""
    if prediction.quantity is not None:
        if not prediction.at and "{condition}" not in prediction.quantity:
            return [Slot(prediction, WHOLE, prediction.quantity, quantity=prediction.quantity)]
        names = {place: _of_condition(prediction.quantity, place) for place in claim.at(prediction)}
        return [Slot(prediction, place, name, quantity=name) for place, name in names.items()]
    found = []
    for place in claim.at(prediction):
        for arm in prediction.arm:
            cell = Cell(place, arm)
            if not prediction.against:
                found.append(Slot(prediction, place, arm, (cell,)))
            for reference in prediction.against:
                other, levels = split_reference(reference)
                second = Cell(conditions.moved(claim.conditions, place, levels), other)
                sign = "/" if claim.required(prediction).ratio else "−"
                if second != cell:
                    found.append(Slot(prediction, place, f"{arm} {sign} {reference}", (cell, second)))
    return found


def _of_condition(quantity: str, condition: str) -> str:
    return quantity.replace("{condition}", "_".join(conditions.levels_of(condition)))


def take(slot: Slot, numbers: Numbers, seeds: Sequence[int], log: bool) -> Sample:
    """The numbers of a row over the seeds that all its cells have; `log`: as logarithms.

    A run that did not reach its target counts with its last step, which makes the row a bound. Collapsed runs
    are left out of test metrics: one of them in ten would make every interval useless.
    """
    prediction = slot.prediction
    metric, target = str(prediction.metric), prediction.target
    found = [numbers.of(cell, metric, target, seeds) for cell in slot.cells]
    lost: set[int] = set()
    if metric not in measures.own_names():
        lost = {seed for cell in slot.cells for seed in numbers.collapsed(cell, seeds)}
    table = pd.DataFrame({place: one.number for place, one in enumerate(found)}).dropna()
    if log:
        table = table[(table > 0).all(axis=1)]
        table = table.apply(np.log)
    missing = len(set().union(*(one.number.index for one in found))) - len(table)
    table = table[~table.index.isin(lost)]
    notes = outcomes.notes(found[0] if len(found) == 1 else found[0].and_those(found[1]))
    if lost:
        notes.append(
            f"Collapsed, and left out here: seed{_s(len(lost))} {', '.join(map(str, sorted(lost)))}."
        )
    if missing:
        notes.append(
            f"{missing} seed{_s(missing)} without a value {'is' if missing == 1 else 'are'} left out."
        )
    values = table[0] - table[1] if len(found) == 2 else table[0]
    of_bounds = [bool(one.censored.reindex(table.index).any()) for one in found]
    bounds = Bounds(may_be_lower=len(found) == 2 and of_bounds[1], may_be_higher=of_bounds[0])
    resolution = _resolution(slot, numbers, table) if metric == measures.STEPS and log else 0.0
    return Sample(values.to_numpy(dtype=float), len(table) + len(lost), notes, bounds, resolution)


def _resolution(slot: Slot, numbers: Numbers, logarithms: pd.DataFrame) -> float:
    """The evaluation interval relative to the steps: the step of a logarithm of steps."""
    if logarithms.empty:
        return 0.0
    interval = max(evaluation_interval(numbers.runs[cell]) for cell in slot.cells)
    return float(interval / math.exp(logarithms.to_numpy().mean()))


def _s(count: int) -> str:
    return "" if count == 1 else "s"
