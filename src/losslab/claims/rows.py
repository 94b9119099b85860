"""One row of a prediction: the numbers of its runs, look by look, until they decide.

A row is judged at each planned number of seeds, and the first look that decides it counts, so that the same
records give the same row however often they are judged. The statistics are in `judgement/`; what rows mean
together is in `judge.py`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from losslab.claims import measures
from losslab.claims.samples import NO_BOUNDS, Numbers, Sample, Slot, take
from losslab.claims.schema import Claim, Prediction
from losslab.claims.verdict import CLOSE, FAILS, HOLDS, OPEN, Outcome, Row
from losslab.judgement import evidence as inference
from losslab.judgement.evidence import Evidence
from losslab.judgement.intervals import Estimate
from losslab.judgement.paired_shares import paired_share_evidence, paired_share_interval
from losslab.judgement.sequential import ALPHA, BETTER, EQUAL, WORSE, Stages, decide

Quantities = Mapping[str, float | Sequence[float]]  # what the check measured; a list is repeated measurements


@dataclasses.dataclass(frozen=True)
class Judged:
    """A row with what only the judge needs: more seeds may decide it; p-values for a side."""

    slot: Slot
    row: Row
    spent: bool
    evidence: Evidence


@dataclasses.dataclass(frozen=True)
class Need:
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


def judged(slot: Slot, numbers: Numbers, quantities: Quantities, beside: int) -> Judged:
    """Judges a row.

    Args:
        beside: how many rows decide together. They fail if one of them does, so that each one fails at a
            share of the level (Bonferroni's); all of them must hold, which needs no correction.
    """
    claim, need = numbers.claim, needed(numbers.claim, slot.prediction)
    if slot.quantity:
        return _of_check(slot, quantities[slot.quantity], need, beside)
    seeds = min(numbers.seeds(cell) for cell in slot.cells)
    plan = claim.plan
    looks = [look for look in plan.seeds if look <= seeds] or [seeds]
    for look in looks:
        sample = take(slot, numbers, claim.seeds(look), need.log)
        found = _at_look(slot, sample, need, plan, beside)
        if found.row.outcome != OPEN:
            break
    return dataclasses.replace(found, spent=seeds >= plan.seeds[-1])


def needed(claim: Claim, prediction: Prediction) -> Need:
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
        return Need(low, high, size.ratio, close, matters)
    low, high = prediction.bounds
    known = claim.margin(prediction)
    bound = next((end for end in (low, high) if end is not None), 0.0)
    width = None if known is None else known.size * abs(bound) if known.ratio else known.size
    if prediction.ratio:
        low, high = (None if end is None else math.log(end) for end in (low, high))
        width = known.on_scale if known is not None and known.ratio else abs(math.log(bound)) or None
    return Need(low, high, prediction.ratio, None, width)


def _at_look(slot: Slot, sample: Sample, need: Need, plan: Stages, beside: int) -> Judged:
    level, stricter = plan.level(sample.judged), plan.shared_by(beside).level(sample.judged)
    share = measures.is_share(slot.prediction.metric)
    paired = share and len(slot.cells) == 2
    outcome, interval, vetoed = _decided(sample, need, level, share, paired)
    notes = list(sample.notes)
    if outcome in (FAILS, CLOSE) and stricter < level:
        strict, _, _ = _decided(sample, need, stricter, share, paired)
        if strict == OPEN:
            notes.append(f"Outside its bound, but among {beside} rows one may be so by chance.")
        outcome = strict
    if share:
        of_share = paired_share_evidence if paired else inference.share_evidence
        found = of_share(sample.numbers, need.low, need.high)
    else:
        found = inference.evidence(sample.numbers, need.low, need.high)
    judged = sample.judged
    repeated = Evidence(plan.over_all_looks(found.holds, judged), plan.over_all_looks(found.fails, judged))
    repeated = Evidence(1.0, 1.0) if vetoed else repeated
    return Judged(
        slot,
        _row(slot, sample, need, interval, level, outcome, notes),
        spent=True,
        evidence=inference.with_bounds(repeated, need.low, need.high, sample.bounds),
    )


def _decided(
    sample: Sample, need: Need, level: float, share: bool, paired: bool
) -> tuple[Outcome, Estimate, bool]:
    """The outcome at one look, the interval, and whether the signed-rank test vetoed a decision."""
    low, high, numbers = need.low, need.high, sample.numbers
    outcome: Outcome = OPEN
    if share:
        found = (paired_share_evidence if paired else inference.share_evidence)(numbers, low, high)
        outcome = HOLDS if found.holds <= level else FAILS if found.fails <= level else OPEN
        interval = paired_share_interval if paired else inference.share_interval
        return outcome, interval(numbers, 1 - level), False
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


def _of_check(slot: Slot, value: float | Sequence[float], need: Need, beside: int) -> Judged:
    """A number that is known exactly, or repeated measurements, judged like seeds at a single look."""
    if isinstance(value, Sequence):
        numbers = np.asarray(value, dtype=float)
        sample = Sample(np.log(numbers) if need.log else numbers, numbers.size, [])
        return _at_look(slot, sample, need, Stages((numbers.size,)), beside)
    number = math.log(value) if need.log else float(value)
    found = inference.exact_evidence(number, need.low, need.high)
    outcome: Outcome = HOLDS if found.holds == 0 else FAILS
    exact = Estimate(number, number, number, 1)
    return Judged(
        slot, _row(slot, Sample(np.array([number]), 1, []), need, exact, ALPHA, outcome, []), True, found
    )


def _row(
    slot: Slot,
    sample: Sample,
    need: Need,
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
