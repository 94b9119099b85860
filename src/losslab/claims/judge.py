"""From a claim's runs and its check to a word for each condition, and the claim's verdict.

Rows are judged one by one in `rows.py`; here they are put together by the roles of their predictions. Nothing
is launched here, but the result says which arms need more seeds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from losslab.claims import measures, words
from losslab.claims.conditions import WHOLE
from losslab.claims.rows import Judged, Quantities, judged
from losslab.claims.samples import Numbers, Runs, Slot, slots
from losslab.claims.schema import CORE, PREMISE, SIDE, Claim, Prediction
from losslab.claims.stages import Cell
from losslab.claims.verdict import (
    BORDERLINE,
    CLOSE,
    CONFIRMED,
    FAILS,
    HOLDS,
    NOT_TESTED,
    OPEN,
    REFUTED,
    TOO_CLOSE,
    UNDECIDED,
    ArmMetric,
    CollapsedShare,
    ConditionVerdict,
    Outcome,
    PredictionOutcome,
    Word,
)
from losslab.judgement import evidence as inference
from losslab.judgement.outcomes import Outcomes
from losslab.judgement.sequential import ALPHA


@dataclasses.dataclass(frozen=True)
class Judgement:
    """A claim, judged on the runs so far.

    Attributes:
        predictions: in the order of the file.
        conditions: those that have a core.
        outcome, where: the verdict, and the line that names its conditions.
        open_cells: arms that more seeds are needed of; empty if all is decided or all seeds are spent.
    """

    predictions: list[PredictionOutcome]
    conditions: list[ConditionVerdict]
    outcome: Word
    where: str
    collapsed: list[CollapsedShare]
    open_cells: set[Cell]


def judge(claim: Claim, runs: Runs, quantities: Quantities) -> Judgement:
    """Judges a claim.

    Args:
        runs: the reported runs of each cell.
        quantities: what the check measured; a list is repeated measurements.
    """
    numbers = Numbers(claim, runs)
    planned = [slots(claim, prediction) for prediction in claim.predictions]
    of_cores = [slot.condition for some in planned for slot in some if slot.prediction.role == CORE]

    def row(slot: Slot) -> Judged:
        beside = _beside(slot.condition, of_cores) if slot.prediction.role == CORE else 1
        return judged(slot, numbers, quantities, beside)

    rows = [[row(slot) for slot in some] for some in planned]
    deciding = [one for some in rows for one in some if one.slot.prediction.role != SIDE]
    found: list[ConditionVerdict] = []
    open_cells: set[Cell] = set()
    for name in _conditions(claim, of_cores):
        verdict, still_open = _condition(
            name, [one for one in deciding if one.slot.condition in (name, WHOLE)]
        )
        found.append(verdict)
        open_cells |= {cell for one in still_open if not one.spent for cell in one.slot.cells}
    by_name = {one.condition: one.word for one in found}
    outcome, where = words.in_most(by_name) if claim.holds_in == "most" else words.joined(by_name)
    predictions = _outcomes(claim, rows)
    return Judgement(predictions, found, outcome, where, numbers.collapsed_shares(), open_cells)


def _conditions(claim: Claim, of_cores: Sequence[str]) -> list[str]:
    """The conditions that have a core of their own, in the order of the file; else the claim as a whole."""
    return [name for name in claim.condition_names if name in of_cores] or [WHOLE]


def _beside(condition: str, of_cores: Sequence[str]) -> int:
    """How many core rows decide about the same condition."""
    return sum(1 for other in of_cores if condition == WHOLE or other in (condition, WHOLE))


def _condition(name: str, rows: Sequence[Judged]) -> tuple[ConditionVerdict, list[Judged]]:
    """The word of a condition, and the rows that are still open and matter."""
    premises = [row for row in rows if row.slot.prediction.role == PREMISE]
    cores = [row for row in rows if row.slot.prediction.role == CORE]
    word, still_open = _of_cores(cores)
    if any(row.row.outcome in (FAILS, CLOSE) for row in premises):
        word, still_open = NOT_TESTED, []
    elif unknown := [row for row in premises if row.row.outcome == OPEN]:
        word, still_open = UNDECIDED, [*unknown, *still_open]
    return ConditionVerdict(condition=name, word=word, seeds=max(row.row.n for row in rows)), still_open


def _of_cores(rows: Sequence[Judged]) -> tuple[Word, list[Judged]]:
    outcomes = {row.row.outcome for row in rows}
    if FAILS in outcomes:
        return REFUTED, []
    if CLOSE in outcomes:
        return TOO_CLOSE, []
    still_open = [row for row in rows if row.row.outcome == OPEN]
    if not still_open:
        return CONFIRMED, []
    borderline = all(row.spent and row.row.narrow for row in still_open)
    return BORDERLINE if borderline else UNDECIDED, still_open


def _outcomes(claim: Claim, rows: Sequence[Sequence[Judged]]) -> list[PredictionOutcome]:
    """Sides are corrected together; the others are what their rows are."""
    evidence = [inference.all_of([row.evidence for row in some]) for some in rows]
    sides = [place for place, one in enumerate(claim.predictions) if one.role == SIDE]
    p_values = [min(evidence[place].holds, evidence[place].fails) for place in sides]
    corrected = dict(zip(sides, benjamini_hochberg(p_values), strict=True))
    found = []
    for place, (prediction, some) in enumerate(zip(claim.predictions, rows, strict=True)):
        p_value = corrected.get(place)
        if p_value is None:
            outcome = _together([row.row.outcome for row in some])
        elif p_value <= ALPHA:
            outcome = HOLDS if evidence[place].holds <= evidence[place].fails else FAILS
        else:
            outcome = OPEN
        found.append(_prediction(claim, prediction, some, outcome, p_value))
    return found


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: among those at most alpha, a share of at most alpha is expected to be wrong.

    Source: Benjamini & Hochberg 1995, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x
    """
    from scipy import stats  # slow to import, and only claims with sides need it

    if not p_values:
        return []
    return [float(p_value) for p_value in stats.false_discovery_control(list(p_values), method="bh")]


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """All must hold; one that fails is enough for it to fail."""
    for outcome in (FAILS, CLOSE, OPEN):
        if outcome in outcomes:
            return outcome
    return HOLDS if outcomes else OPEN


def _prediction(
    claim: Claim, prediction: Prediction, rows: Sequence[Judged], outcome: Outcome, p_value: float | None
) -> PredictionOutcome:
    low, high, ratio = natural_bounds(claim, prediction)
    if prediction.quantity is not None:
        measured = prediction.quantity.replace("{condition}", "").strip("_").replace("_", " ")
    else:
        measured = measures.words_for(str(prediction.metric), prediction.target)
    return PredictionOutcome(
        says=prediction.says,
        why=prediction.why,
        role=prediction.role,
        measured=measured,
        margin=_in_words(low, high, prediction, ratio),
        low=low,
        high=high,
        ratio=ratio,
        rows=[row.row for row in rows],
        outcome=outcome,
        p_value=p_value,
    )


def natural_bounds(claim: Claim, prediction: Prediction) -> tuple[float | None, float | None, bool]:
    """The range in which the number must lie, in its own unit, and whether it is a ratio."""
    if prediction.expect is None:
        return *prediction.bounds, prediction.ratio
    margin = claim.required(prediction)
    above = 1 + margin.size if margin.ratio else margin.size
    below = 1 / above if margin.ratio else -margin.size
    low = {"higher": above, "equal": below, "not_lower": below}.get(prediction.expect)
    high = {"lower": below, "equal": above, "not_higher": above}.get(prediction.expect)
    return low, high, margin.ratio


def _in_words(low: float | None, high: float | None, prediction: Prediction, ratio: bool) -> str:
    times = " times" if ratio and prediction.against else ""
    if prediction.equals is not None:
        return f"{prediction.equals:g}, within {prediction.within:g}"
    if low is not None and high is not None:
        return f"from {low:.4g} to {high:.4g}{times}"
    return f"at least {low:.4g}{times}" if low is not None else f"at most {high:.4g}{times}"


def counted(predictions: Sequence[PredictionOutcome]) -> str:
    """ "3 hold, 1 fails, 1 is open"."""
    found = [prediction.outcome for prediction in predictions]
    parts = [
        f"{(count := found.count(outcome))} {one if count == 1 else several}"
        for outcome, one, several in (
            (HOLDS, "holds", "hold"),
            (FAILS, "fails", "fail"),
            (CLOSE, "is too close to matter", "are too close to matter"),
            (OPEN, "is open", "are open"),
        )
        if outcome in found
    ]
    return ", ".join(parts)


def summary(predictions: Sequence[PredictionOutcome]) -> str:
    """ "Core: 2 hold. Premise: 1 holds. Sides: 3 hold, 1 is open."."""
    parts = []
    for role, name in ((PREMISE, "Premises"), (CORE, "Core"), (SIDE, "Sides")):
        if some := [one for one in predictions if one.role == role]:
            parts.append(f"{name}: {counted(some)}.")
    return " ".join(parts)


def arm_metric(metric: str, target: float | None, counted: Outcomes) -> ArmMetric:
    """A metric over an arm's seeds, as a verdict holds it."""
    interval = measures.interval_of(metric, counted.number)
    return ArmMetric(
        measured=measures.words_for(metric, target),
        mean=None if interval.n == 0 else interval.mean,
        low=None if interval.n < 2 else interval.low,
        high=None if interval.n < 2 else interval.high,
        n=interval.n,
        values={
            str(seed): None if missing else float(value)
            for (seed, value), missing in zip(counted.number.items(), counted.missing, strict=True)
        },
        censored=int(counted.censored.sum()),
    )
