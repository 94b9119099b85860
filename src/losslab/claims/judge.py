"""From a claim's runs and its check to the outcome of each prediction, and of the claim.

Knows the numbers of runs (`measures.py`) and the statistics (`judgement/`); launches nothing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from losslab.claims import measures
from losslab.claims.measures import Run, Value
from losslab.claims.schema import ALL_IN_ONE, Claim, Prediction, split_reference
from losslab.claims.stages import Cell
from losslab.claims.verdict import (
    CONFIRMED,
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    MIXED,
    REFUTED,
    PredictionOutcome,
    Row,
)
from losslab.judgement import evidence as inference
from losslab.judgement.evidence import Bounds
from losslab.judgement.intervals import CONFIDENCE, mean_interval

NO_BOUNDS = Bounds()
ALPHA = 1 - CONFIDENCE
Runs = Mapping[Cell, Mapping[int, Run]]  # the reported runs of each cell, by seed


@dataclasses.dataclass
class _Judged:
    """A prediction on the way: its rows, and the evidence in each."""

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


def overall(predictions: Sequence[PredictionOutcome]) -> str:
    """Confirmed: all hold; refuted: all fail; mixed: some do and some do not; else inconclusive."""
    outcomes = [prediction.outcome for prediction in predictions]
    if HOLDS in outcomes and FAILS in outcomes:
        return MIXED
    if all(outcome == HOLDS for outcome in outcomes):
        return CONFIRMED
    return REFUTED if all(outcome == FAILS for outcome in outcomes) else INCONCLUSIVE


def summary(predictions: Sequence[PredictionOutcome]) -> str:
    """The outcome in a sentence, with what would decide."""
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
    outcomes = [prediction.outcome for prediction in predictions]
    parts = [
        f"{(count := outcomes.count(outcome))} {one if count == 1 else several}"
        for outcome, one, several in (
            (HOLDS, "holds", "hold"),
            (FAILS, "fails", "fail"),
            (INCONCLUSIVE, "is undecided", "are undecided"),
        )
        if outcome in outcomes
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
                    values, notes, bounds = _single(runs.get(first, {}), prediction)
                    label = arm
                else:
                    second, _ = _cell(other, condition)
                    values, notes, bounds = _pairs(runs.get(first, {}), runs.get(second, {}), prediction)
                    label = f"{arm} {'/' if prediction.ratio else '−'} {other}"
                _add(judged, label, where, values, False, notes, bounds)
    return judged


def _cell(reference: str, condition: str) -> tuple[Cell, str]:
    arm, own = split_reference(reference)
    place = own or condition
    return Cell(place, arm), "" if own or place == ALL_IN_ONE else place


def _single(runs: Mapping[int, Run], prediction: Prediction) -> tuple[list[float], list[str], Bounds]:
    found = {seed: _value(run, prediction) for seed, run in runs.items()}
    present = {seed: value for seed, value in found.items() if not math.isnan(value.number)}
    bounds = Bounds(may_be_higher=any(value.censored for value in present.values()))
    notes = _notes(list(found.values()), len(found) - len(present))
    return [value.number for value in present.values()], notes, bounds


def _pairs(
    runs: Mapping[int, Run], others: Mapping[int, Run], prediction: Prediction
) -> tuple[list[float], list[str], Bounds]:
    """Differences, or ratios, over the seeds that both have.

    A censored run counts as if it had reached its target at its last step, and the result is then a bound:
    it can be evidence in one direction only.
    """
    seeds = [seed for seed in runs if seed in others]
    pairs = [(_value(runs[seed], prediction), _value(others[seed], prediction)) for seed in seeds]
    values = []
    lower = higher = False
    for first, second in pairs:
        a, b = first.number, second.number
        if math.isnan(a) or math.isnan(b) or (prediction.ratio and (a <= 0 or b <= 0)):
            continue
        values.append(a / b if prediction.ratio else a - b)
        lower |= second.censored
        higher |= first.censored
    missing = max(len(runs), len(others)) - len(values)
    return values, _notes([value for pair in pairs for value in pair], missing), Bounds(lower, higher)


def _value(run: Run, prediction: Prediction) -> Value:
    assert prediction.metric is not None
    return measures.value_of(run, prediction.metric, prediction.target)


def _notes(values: Sequence[Value], missing: int) -> list[str]:
    notes = []
    if censored := sum(value.censored for value in values):
        notes.append(f"{censored} of {len(values)} runs never reached the target: a bound, not a value.")
    if untrained := sum(value.untrained for value in values):
        notes.append(f"{untrained} of {len(values)} runs diverged: counted as their untrained network.")
    if missing:
        notes.append(f"{missing} seed{'s have' if missing > 1 else ' has'} no value here and is left out.")
    return notes


def _add(
    judged: _Judged,
    label: str,
    condition: str,
    values: list[float],
    exact: bool,
    notes: list[str],
    bounds: Bounds = NO_BOUNDS,
) -> None:
    """Judge one number of a prediction, and note it as a row."""
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
    if _is_share(prediction):
        part, interval = inference.share_evidence(numbers, low, high), inference.share_interval(numbers)
    if prediction.ratio and numbers.size:
        interval, bootstrap = inference.exponential(interval), inference.exponential(bootstrap)
    part = inference.with_bounds(part, low, high, bounds)
    outcome = HOLDS if part.holds <= ALPHA else FAILS if part.fails <= ALPHA else INCONCLUSIVE
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


def _is_share(prediction: Prediction) -> bool:
    measure = measures.MEASURES.get(str(prediction.metric))
    return measure is not None and measure.is_share and not prediction.against


def _outcome(judged: _Judged, p_value: float, predictions: int) -> PredictionOutcome:
    prediction = judged.prediction
    evidence = judged.evidence
    outcome, needed = INCONCLUSIVE, None
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
        if _is_share(judged.prediction):
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


def describe_values(values: Mapping[int, float]) -> dict[str, Any]:
    """A metric over seeds, as a verdict holds it."""
    interval = mean_interval(np.asarray(list(values.values()), dtype=float))
    return {
        "mean": _number(interval.mean),
        "low": _number(interval.low),
        "high": _number(interval.high),
        "n": interval.n,
        "values": {str(seed): _number(value) for seed, value in values.items()},
    }
