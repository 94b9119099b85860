"""From a claim's runs and its check to the outcome of each prediction, and of the claim.

Knows which numbers runs count with (`measures.py`) and the statistics (`judgement/`); launches nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from losslab.claims import measures
from losslab.claims.schema import ALL_IN_ONE, Claim, Prediction, split_reference
from losslab.claims.stages import Cell
from losslab.claims.verdict import (
    CONFIRMED,
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    MIXED,
    REFUTED,
    ArmMetric,
    Outcome,
    Overall,
    PredictionOutcome,
    Row,
)
from losslab.judgement import evidence as inference
from losslab.judgement import outcomes, paired_shares
from losslab.judgement.evidence import Bounds
from losslab.judgement.intervals import CONFIDENCE, mean_interval
from losslab.judgement.outcomes import Outcomes

NO_BOUNDS = Bounds()
ALPHA = 1 - CONFIDENCE
Runs = Mapping[Cell, pd.DataFrame]  # the reported runs of each cell: a frame's rows, indexed by seed


@dataclasses.dataclass
class _Judged:
    """A prediction while it is judged: its rows, and the evidence in each."""

    prediction: Prediction
    rows: list[Row]
    parts: list[inference.Evidence]
    samples: list[np.ndarray]  # on the scale of the test: logarithms of ratios

    @property
    def evidence(self) -> inference.Evidence:
        return inference.all_of(self.parts)


def judge(
    claim: Claim, runs: Runs, quantities: Mapping[str, float | Sequence[float]]
) -> list[PredictionOutcome]:
    """The outcome of each prediction, corrected by Holm over all of them.

    Args:
        quantities: what the check measured; a list is repeated measurements.
    """
    judged = [_judge_prediction(claim, prediction, runs, quantities) for prediction in claim.predictions]
    adjusted = inference.holm([min(one.evidence.holds, one.evidence.fails) for one in judged])
    return [_outcome(one, p_value, len(judged)) for one, p_value in zip(judged, adjusted, strict=True)]


def overall(predictions: Sequence[PredictionOutcome]) -> Overall:
    """Confirmed: all hold; refuted: all fail; mixed: some do and some do not; else inconclusive."""
    found = {prediction.outcome for prediction in predictions}
    if found >= {HOLDS, FAILS}:
        return MIXED
    if found == {HOLDS}:
        return CONFIRMED
    return REFUTED if found == {FAILS} else INCONCLUSIVE


def summary(predictions: Sequence[PredictionOutcome]) -> str:
    """The outcome in a sentence, and what would decide it."""
    total = len(predictions)
    sentence = f"Of {total} prediction{'s' if total > 1 else ''}: {counted(predictions)}."
    open_ones = [prediction for prediction in predictions if prediction.outcome == INCONCLUSIVE]
    if open_ones:
        needed = [prediction.seeds_needed for prediction in open_ones]
        if any(number is None for number in needed):
            sentence += " More than 1000 seeds would be needed to decide all of it: too close to the margin."
        else:
            most = max(number for number in needed if number is not None)
            sentence += f" About {most} seeds would decide."
    return sentence


def counted(predictions: Sequence[PredictionOutcome]) -> str:
    """ "3 fail, 1 is undecided"."""
    found = [prediction.outcome for prediction in predictions]
    parts = [
        f"{(count := found.count(outcome))} {one if count == 1 else several}"
        for outcome, one, several in (
            (HOLDS, "holds", "hold"),
            (FAILS, "fails", "fail"),
            (INCONCLUSIVE, "is undecided", "are undecided"),
        )
        if outcome in found
    ]
    return ", ".join(parts)


def _judge_prediction(
    claim: Claim, prediction: Prediction, runs: Runs, quantities: Mapping[str, float | Sequence[float]]
) -> _Judged:
    judged = _Judged(prediction, [], [], [])
    if prediction.quantity is not None:
        value = quantities.get(prediction.quantity, math.nan)
        repeated = [float(number) for number in value] if isinstance(value, Sequence) else None
        _add(judged, prediction.quantity, "", repeated or [float(value)], repeated is None, [])  # type: ignore[arg-type]
        return judged
    conditions = prediction.at or claim.condition_names
    if all(split_reference(name)[1] for name in [*prediction.arm, *prediction.against]):
        conditions = [""]  # each reference says where it is
    for condition in conditions:
        for arm in prediction.arm:
            first, where = _cell(arm, condition)
            for other in prediction.against or [""]:
                if not other:
                    values, notes, bounds = _single(runs[first], prediction)
                    label = arm
                else:
                    second, _ = _cell(other, condition)
                    values, notes, bounds = _pairs(runs[first], runs[second], prediction)
                    label = f"{arm} {'/' if prediction.ratio else '−'} {other}"
                _add(judged, label, where, values, False, notes, bounds)
    return judged


def _cell(reference: str, condition: str) -> tuple[Cell, str]:
    arm, own = split_reference(reference)
    place = own or condition
    return Cell(place, arm), "" if own or place == ALL_IN_ONE else place


def _single(runs: pd.DataFrame, prediction: Prediction) -> tuple[list[float], list[str], Bounds]:
    counted = _outcomes(runs, prediction)
    missing = int(counted.missing.sum())
    notes = [*outcomes.notes(counted), *_missing(missing)]
    return counted.number.dropna().tolist(), notes, Bounds(may_be_higher=bool(counted.censored.any()))


def _pairs(
    runs: pd.DataFrame, others: pd.DataFrame, prediction: Prediction
) -> tuple[list[float], list[str], Bounds]:
    """Differences, or ratios, over the seeds that both have.

    A censored run counts as if it had reached its target at its last step, and the result is then a bound:
    it can be evidence in one direction only.
    """
    seeds = [seed for seed in runs.index if seed in others.index]
    first = _outcomes(runs.loc[seeds], prediction)
    second = _outcomes(others.loc[seeds], prediction)
    usable = ~(first.missing | second.missing)
    if prediction.ratio:
        usable &= (first.number > 0) & (second.number > 0)
    a, b = first.number[usable], second.number[usable]
    values = (a / b if prediction.ratio else a - b).tolist()
    notes = [*outcomes.notes(first.and_those(second)), *_missing(max(len(runs), len(others)) - len(values))]
    bounds = Bounds(bool(second.censored[usable].any()), bool(first.censored[usable].any()))
    return values, notes, bounds


def _outcomes(runs: pd.DataFrame, prediction: Prediction) -> Outcomes:
    assert prediction.metric is not None
    return measures.outcomes_of(runs, prediction.metric, prediction.target)


def _missing(seeds: int) -> list[str]:
    if not seeds:
        return []
    have, are = ("seeds have", "are") if seeds > 1 else ("seed has", "is")
    return [f"{seeds} {have} no value here and {are} left out."]


def _add(
    judged: _Judged,
    label: str,
    condition: str,
    values: list[float],
    exact: bool,
    notes: list[str],
    bounds: Bounds = NO_BOUNDS,
) -> None:
    """Judges one number of a prediction, and adds it as a row."""
    prediction = judged.prediction
    usable = [
        value for value in values if not math.isnan(value) and not (judged.prediction.ratio and value <= 0)
    ]
    numbers = np.asarray(usable, dtype=float)
    low, high = prediction.margins
    if prediction.ratio:
        numbers = np.log(numbers)
        low, high = (None if margin is None else math.log(margin) for margin in (low, high))
    if exact and numbers.size:
        part = inference.exact_evidence(float(numbers[0]), low, high)
    else:
        part = inference.evidence(numbers, low, high)
    interval, bootstrap = mean_interval(numbers), inference.bootstrap_interval(numbers)
    if measures.is_share(prediction.metric) and prediction.against:
        part = paired_shares.paired_share_evidence(numbers, low, high)
        interval = paired_shares.paired_share_interval(numbers)
    elif measures.is_share(prediction.metric):
        part, interval = inference.share_evidence(numbers, low, high), inference.share_interval(numbers)
    if prediction.ratio and numbers.size:
        interval, bootstrap = inference.exponential(interval), inference.exponential(bootstrap)
    part = inference.with_bounds(part, low, high, bounds)
    outcome: Outcome = HOLDS if part.holds <= ALPHA else FAILS if part.fails <= ALPHA else INCONCLUSIVE
    judged.rows.append(
        Row(
            label=label,
            condition=condition,
            mean=_number(interval.mean),
            low=_number(interval.low),
            high=_number(interval.high),
            bootstrap_low=_number(bootstrap.low),
            bootstrap_high=_number(bootstrap.high),
            n=int(numbers.size),
            exact=exact,
            outcome=outcome,
            values=[float(value) for value in (np.exp(numbers) if prediction.ratio else numbers)],
            notes=notes,
        )
    )
    judged.parts.append(part)
    judged.samples.append(numbers)


def _outcome(judged: _Judged, p_value: float, predictions: int) -> PredictionOutcome:
    prediction = judged.prediction
    evidence = judged.evidence
    outcome: Outcome = INCONCLUSIVE
    needed = None
    if p_value <= ALPHA:
        outcome = HOLDS if evidence.holds <= evidence.fails else FAILS
    else:
        needed = _seeds_needed(judged, ALPHA / predictions)
    low, high = prediction.margins
    if prediction.quantity is not None:
        measured = prediction.quantity.replace("_", " ")
    else:
        measured = measures.words_for(str(prediction.metric), prediction.target)
    return PredictionOutcome(
        says=prediction.says,
        why=prediction.why,
        measured=measured,
        margin=margin_in_words(prediction),
        low=low,
        high=high,
        ratio=prediction.ratio,
        rows=judged.rows,
        p_value=p_value,
        outcome=outcome,
        seeds_needed=needed,
    )


def _seeds_needed(judged: _Judged, alpha: float) -> int | None:
    """Seeds after which every row would be decided, or after which one would have failed."""
    low, high = judged.prediction.margins
    if judged.prediction.ratio:
        low, high = (None if margin is None else math.log(margin) for margin in (low, high))
    needed, failing = [], []
    for numbers in judged.samples:
        if measures.is_share(judged.prediction.metric) and not judged.prediction.against:
            seeds = inference.seeds_for_share(numbers, low, high, alpha)
        else:
            seeds = inference.seeds_needed(numbers, low, high, alpha)
        needed.append(seeds)
        mean = float(numbers.mean()) if numbers.size else math.nan
        outside = (low is not None and mean < low) or (high is not None and mean > high)
        if outside and seeds is not None:
            failing.append(seeds)
    if failing:
        return min(failing)
    return None if not needed or None in needed else max(seeds for seeds in needed if seeds is not None)


def margin_in_words(prediction: Prediction) -> str:
    kind = " times" if prediction.ratio and prediction.against else ""
    if prediction.at_least is not None and prediction.at_most is not None:
        return f"from {prediction.at_least:g} to {prediction.at_most:g}{kind}"
    if prediction.at_least is not None:
        return f"at least {prediction.at_least:g}{kind}"
    if prediction.at_most is not None:
        return f"at most {prediction.at_most:g}{kind}"
    return f"{prediction.equals:g}{kind}, within {prediction.within:g}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def arm_metric(metric: str, target: float | None, counted: Outcomes) -> ArmMetric:
    """A metric over an arm's seeds, as a verdict holds it."""
    interval = measures.interval_of(metric, counted.number)
    return ArmMetric(
        measured=measures.words_for(metric, target),
        mean=_number(interval.mean),
        low=_number(interval.low),
        high=_number(interval.high),
        n=interval.n,
        values={str(seed): _number(value) for seed, value in counted.number.items()},
        censored=int(counted.censored.sum()),
    )
