"""The answer of a claim: a sentence whose numbers come from the records.

Places for numbers: `{ARM.METRIC}` is an arm's mean over its seeds, `{NAME}` the number of the prediction with
that name, `{QUANTITY}` one of the check. `@LEVEL` after it keeps only the conditions with that level. Several
numbers become the range from the smallest to the largest. A format follows a colon, as in Python:
`{mse.accuracy@sgd:.1%}`.
"""

from __future__ import annotations

import dataclasses
import math
import string
from collections.abc import Iterable, Mapping, Sequence

from losslab.claims import conditions
from losslab.claims.schema import Claim
from losslab.claims.verdict import ArmResult, PredictionOutcome

_DIGITS = ".3g"


@dataclasses.dataclass(frozen=True)
class Place:
    """A place for a number: of an arm if `metric` is given, else of the prediction or quantity `name`."""

    name: str
    metric: str
    levels: str
    spec: str


def places(claim: Claim) -> list[Place]:
    """Raises ValueError if a brace is not closed."""
    found = []
    for _, field, spec, _ in string.Formatter().parse(claim.answer):
        if field is not None:
            number, _, levels = field.partition("@")
            name, _, metric = number.partition(".")
            found.append(Place(name, metric, levels, spec or _DIGITS))
    return found


def mistake(claim: Claim) -> str | None:
    """What is wrong with the answer, as far as the file tells; None if nothing is."""
    try:
        found = places(claim)
        for place in found:
            format(1.0, place.spec)
    except ValueError as error:
        return f"{str(error)[0].lower()}{str(error)[1:]}"
    for place in found:
        if lost := conditions.unknown(claim.conditions, [place.levels]):
            return f"there is no condition {lost[0]}"
        if place.metric and place.name not in claim.arms:
            return f"there is no arm {place.name}; there are: {', '.join(claim.arms) or 'none'}"
        if not place.metric and place.name not in _predictions(claim) and claim.check is None:
            return f"there is no prediction with name: {place.name}"
    return None


def metrics(claim: Claim) -> list[str]:
    """The metrics that the answer reads from arms."""
    return [place.metric for place in places(claim) if place.metric]


def quantities(claim: Claim) -> list[str]:
    """The quantities that the answer reads from the check."""
    return [
        place.name for place in places(claim) if not place.metric and place.name not in _predictions(claim)
    ]


def filled(
    claim: Claim,
    predictions: Sequence[PredictionOutcome],
    arms: Sequence[ArmResult],
    measured: Mapping[str, float | Sequence[float]],
) -> str:
    """The answer with its numbers; empty if one is missing, as in a quick run without its condition."""
    text = ""
    found = iter(places(claim))
    for literal, field, _, _ in string.Formatter().parse(claim.answer):
        text += literal
        if field is None:
            continue
        place = next(found)
        numbers = [
            number for number in _numbers(place, claim, predictions, arms, measured) if number is not None
        ]
        if not numbers or conditions.unknown(claim.conditions, [place.levels]):
            return ""
        ends = [format(end, place.spec) for end in (min(numbers), max(numbers))]
        between = "–" if ends[0][0].isdigit() else " to "  # a dash beside a sign would be misread
        text += between.join(dict.fromkeys(ends))
    return text


def _numbers(
    place: Place,
    claim: Claim,
    predictions: Sequence[PredictionOutcome],
    arms: Sequence[ArmResult],
    measured: Mapping[str, float | Sequence[float]],
) -> Iterable[float | None]:
    wanted = {
        *conditions.chosen(claim.conditions, [place.levels]),
        *([] if place.levels else [conditions.WHOLE]),
    }
    if place.metric:
        for arm in arms:
            if arm.arm == place.name and arm.condition in wanted and place.metric in arm.metrics:
                yield arm.metrics[place.metric].mean
    elif place.name in (named := _predictions(claim)):
        for row in predictions[named[place.name]].rows:
            if row.condition in wanted:
                yield row.mean
    elif place.name in measured:  # else a prediction that a quick run leaves out
        value = measured[place.name]
        yield float(value) if isinstance(value, int | float) else math.fsum(value) / len(value)


def _predictions(claim: Claim) -> dict[str, int]:
    return {one.name: place for place, one in enumerate(claim.predictions) if one.name is not None}
