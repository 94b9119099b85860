"""One row of a prediction: the numbers of its runs, look by look, until they decide.

A row is judged at each planned number of seeds, and the first look that decides it counts, so that the same
records give the same row however often they are judged. The statistics are in `judgement/`; what rows mean
together is in `judge.py`.
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
from losslab.claims.verdict import CLOSE, FAILS, HOLDS, OPEN, CollapsedShare, Outcome, Row
from losslab.judgement import evidence as inference
from losslab.judgement import outcomes
from losslab.judgement.collapse import collapsed
from losslab.judgement.evidence import Bounds, Evidence
from losslab.judgement.intervals import Estimate
from losslab.judgement.outcomes import Outcomes
from losslab.judgement.sequential import ALPHA, BETTER, EQUAL, WORSE, Stages, decide

Runs = Mapping[Cell, pd.DataFrame]  # the reported runs of each cell: a frame's rows, indexed by seed
Quantities = Mapping[str, float | Sequence[float]]  # what the check measured; a list is repeated measurements
NO_BOUNDS = Bounds()
SHARES = (measures.DIVERGED_SHARE,)  # each run's value is 0 or 1


@dataclasses.dataclass(frozen=True)
class Slot:
    """A row before it is judged: the condition under which it counts (WHOLE: all), and what it compares."""

    prediction: Prediction
    condition: str
    label: str
    cells: tuple[Cell, ...] = ()
    quantity: str = ""


@dataclasses.dataclass(frozen=True)
class Judged:
    """A row with what only the judge needs: more seeds may decide it; p-values for a side."""

    slot: Slot
    row: Row
    spent: bool
    evidence: Evidence


@dataclasses.dataclass(frozen=True)
class _Need:
    """What a number must be, on the scale of the test (logarithms of ratios).

    Attributes:
        close: below this size a difference does not matter; None: the prediction compares nothing.
        width: an interval that is narrower is narrow.
    """

    low: float | None
    high: float | None
    log: bool
    close: float | None
    width: float | None


@dataclasses.dataclass(frozen=True)
class _Sample:
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
            self._read[key] = measures.outcomes_of(self.runs[cell], metric, target)
        found = self._read[key]
        kept = found.number.index.isin(list(seeds))
        return Outcomes(found.number[kept], found.untrained[kept], found.censored[kept])

    def seeds(self, cell: Cell) -> int:
        """How many seeds were run, counted from the claim's first."""
        index = self.runs[cell].index
        return int(index.max()) - self.claim.first_seed + 1 if len(index) else 0

    def collapsed(self, cell: Cell, seeds: Iterable[int]) -> list[int]:
        """The seeds whose run ends far below the others of its arm, in the task's primary metric."""
        runs = self.runs[cell]
        if runs.empty:
            return []
        metric, higher = str(runs["metric"].iloc[0]), bool(runs["higher_is_better"].iloc[0])
        numbers = self.of(cell, metric, None, seeds).number
        margin = margin_of(metric, self.claim.margins)
        if margin is not None and margin.ratio and (numbers.dropna() > 0).all():
            numbers = np.log(numbers)
        lost = collapsed(numbers, higher, None if margin is None else margin.on_scale)
        return [int(seed) for seed in numbers.index[lost]]

    def collapsed_shares(self) -> list[CollapsedShare]:
        """One for each cell with a collapsed run."""
        found = []
        for cell, runs in self.runs.items():
            if lost := self.collapsed(cell, runs.index):
                share = inference.share_interval(runs.index.isin(lost))
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


def judged(slot: Slot, numbers: Numbers, quantities: Quantities, beside: int) -> Judged:
    """Judges a row.

    Args:
        beside: how many rows decide together. They fail if one of them does, so that each one fails at a
            share of the level (Bonferroni's); all of them must hold, which needs no correction.
    """
    claim, need = numbers.claim, _need(numbers.claim, slot.prediction)
    if slot.quantity:
        return _of_check(slot, quantities[slot.quantity], need, beside)
    seeds = min(numbers.seeds(cell) for cell in slot.cells)
    plan = claim.plan
    looks = [look for look in plan.seeds if look <= seeds] or [seeds]
    for look in looks:
        sample = _sample(slot, numbers, claim.seeds(look))
        found = _at_look(slot, sample, need, plan, beside)
        if found.row.outcome != OPEN:
            break
    return dataclasses.replace(found, spent=seeds >= plan.seeds[-1])


def _need(claim: Claim, prediction: Prediction) -> _Need:
    if prediction.expect is not None:
        size, plain = claim.required(prediction), claim.margin(prediction)
        margin, matters = size.on_scale, plain.on_scale if plain else 0.0
        low, high = {
            "higher": (margin, None),
            "lower": (None, -margin),
            "equal": (-margin, margin),
            "not_higher": (None, margin),
            "not_lower": (-margin, None),
        }[prediction.expect]
        close = matters if prediction.expect in ("higher", "lower") else None
        return _Need(low, high, size.ratio, close, matters)
    low, high = prediction.bounds
    known = claim.margin(prediction)
    bound = next((end for end in (low, high) if end is not None), 0.0)
    width = None if known is None else known.size * abs(bound) if known.ratio else known.size
    if prediction.ratio:
        low, high = (None if end is None else math.log(end) for end in (low, high))
        width = known.on_scale if known is not None and known.ratio else abs(math.log(bound)) or None
    return _Need(low, high, prediction.ratio, None, width)


def _sample(slot: Slot, numbers: Numbers, seeds: Sequence[int]) -> _Sample:
    """The numbers over the seeds that all cells of the row have.

    A run that did not reach its target counts with its last step, which makes the row a bound. Collapsed runs
    are left out of test metrics: one of them in ten would make every interval useless.
    """
    prediction = slot.prediction
    metric, target = str(prediction.metric), prediction.target
    found = [numbers.of(cell, metric, target, seeds) for cell in slot.cells]
    lost: set[int] = set()
    if metric not in measures.own_names():
        lost = {seed for cell in slot.cells for seed in numbers.collapsed(cell, seeds)}
    need = _need(numbers.claim, prediction)
    table = pd.DataFrame({place: one.number for place, one in enumerate(found)}).dropna()
    if need.log:
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
    resolution = _resolution(slot, numbers, table) if metric == measures.STEPS and need.log else 0.0
    return _Sample(values.to_numpy(dtype=float), len(table) + len(lost), notes, bounds, resolution)


def _resolution(slot: Slot, numbers: Numbers, logarithms: pd.DataFrame) -> float:
    """The evaluation interval relative to the steps: the step of a logarithm of steps."""
    intervals = [
        config["trainer"].get("eval_every") for config in numbers.runs[slot.cells[0]]["config"] if config
    ]
    known = [interval for interval in intervals if isinstance(interval, int)]
    if not known or logarithms.empty:
        return 0.0
    return float(known[0] / math.exp(logarithms.to_numpy().mean()))


def _at_look(slot: Slot, sample: _Sample, need: _Need, plan: Stages, beside: int) -> Judged:
    level, stricter = plan.level(sample.judged), plan.shared_by(beside).level(sample.judged)
    share = slot.prediction.metric in SHARES and len(slot.cells) == 1
    outcome, interval, vetoed = _decided(sample, need, level, share)
    notes = list(sample.notes)
    if outcome in (FAILS, CLOSE) and stricter < level:
        strict, _, _ = _decided(sample, need, stricter, share)
        if strict == OPEN:
            notes.append(f"Outside its bound, but among {beside} rows one may be so by chance.")
        outcome = strict
    if share:
        found = inference.share_evidence(sample.numbers, need.low, need.high)
    else:
        found = inference.evidence(sample.numbers, need.low, need.high)
    # scaled so that 5 % at this look means 5 % over all looks
    scaled = Evidence(min(1.0, found.holds * ALPHA / level), min(1.0, found.fails * ALPHA / level))
    scaled = Evidence(1.0, 1.0) if vetoed else scaled
    return Judged(
        slot,
        _row(slot, sample, need, interval, level, outcome, notes),
        spent=True,
        evidence=inference.with_bounds(scaled, need.low, need.high, sample.bounds),
    )


def _decided(sample: _Sample, need: _Need, level: float, share: bool) -> tuple[Outcome, Estimate, bool]:
    """The outcome at one look, the interval, and whether the signed-rank test vetoed a decision."""
    low, high, numbers = need.low, need.high, sample.numbers
    outcome: Outcome = OPEN
    if share:
        found = inference.share_evidence(numbers, low, high)
        outcome = HOLDS if found.holds <= level else FAILS if found.fails <= level else OPEN
        return outcome, inference.share_interval(numbers, 1 - level), False
    ends = [end for end in (low, high) if end is not None]
    shift, margin = sum(ends) / len(ends), (ends[-1] - ends[0]) / 2 if len(ends) == 2 else None
    decision = decide(numbers - shift, margin, level, sample.resolution)
    holds = EQUAL if margin is not None else BETTER if high is None else WORSE
    if decision.decision in (BETTER, WORSE, EQUAL):
        outcome = HOLDS if decision.decision == holds else FAILS
    bounded = inference.with_bounds(
        Evidence(float(outcome != HOLDS), float(outcome != FAILS)), low, high, sample.bounds
    )
    outcome = HOLDS if bounded.holds == 0 else FAILS if bounded.fails == 0 else OPEN
    if outcome == FAILS and need.close and sample.bounds == NO_BOUNDS:
        within = decide(numbers, need.close, level, sample.resolution)
        outcome = CLOSE if within.decision == EQUAL else FAILS
    estimate = Estimate(decision.mean + shift, decision.low + shift, decision.high + shift, decision.n)
    return outcome, estimate, decision.vetoed


def _of_check(slot: Slot, value: float | Sequence[float], need: _Need, beside: int) -> Judged:
    """A number that is known exactly, or repeated measurements, judged like seeds at a single look."""
    if isinstance(value, Sequence):
        numbers = np.asarray(value, dtype=float)
        sample = _Sample(np.log(numbers) if need.log else numbers, numbers.size, [])
        return _at_look(slot, sample, need, Stages((numbers.size,)), beside)
    number = math.log(value) if need.log else float(value)
    found = inference.exact_evidence(number, need.low, need.high)
    outcome: Outcome = HOLDS if found.holds == 0 else FAILS
    exact = Estimate(number, number, number, 1)
    return Judged(
        slot, _row(slot, _Sample(np.array([number]), 1, []), need, exact, ALPHA, outcome, []), True, found
    )


def _row(
    slot: Slot,
    sample: _Sample,
    need: _Need,
    interval: Estimate,
    level: float,
    outcome: Outcome,
    notes: list[str],
) -> Row:
    shown = inference.exponential(interval) if need.log else interval
    return Row(
        label=slot.label,
        condition=slot.condition,
        mean=_number(shown.mean),
        low=_number(shown.low),
        high=_number(shown.high),
        level=level,
        n=int(sample.numbers.size),
        exact=bool(slot.quantity) and sample.numbers.size == 1,
        outcome=outcome,
        narrow=need.width is not None and interval.high - interval.low < need.width,
        values=[float(value) for value in (np.exp(sample.numbers) if need.log else sample.numbers)],
        notes=notes,
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _s(count: int) -> str:
    return "" if count == 1 else "s"
