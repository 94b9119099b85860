"""Reads the section `claim:` of a file: one sentence for each mistake, also across keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pydantic

from losslab.claims import answer, conditions
from losslab.claims.margins import ERRORS, MARGINS, SCORES
from losslab.claims.schema import CORE, Claim, Prediction, split_reference
from losslab.errors import UserError

_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
_CONVERT = (
    "this claim was written for an older losslab: give each prediction a role (core, side or premise), say "
    "expect: higher, lower, equal, not_higher or not_lower where arms are compared, and leave out seeds "
    "(docs/own_claim.md)"
)


def parse(plain: Any, where: str) -> Claim:
    """The claim that a file's `claim:` describes.

    Args:
        plain: the section as plain data.
        where: what to name in an error: the file.

    Raises UserError that names the file and the key.
    """
    if not isinstance(plain, Mapping):
        raise UserError(f"{where}: claim must be a mapping with a statement, a source and predictions")
    predictions = plain.get("predictions")
    if (
        isinstance(predictions, list)
        and predictions
        and not any("role" in one for one in predictions if isinstance(one, Mapping))
    ):
        raise UserError(f"{where}: claim.predictions: {_CONVERT}")
    try:
        claim = Claim.model_validate(plain)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["claim", *(str(part) for part in first["loc"])])
        raise UserError(f"{where}: {key}: {_in_words(first)}") from None
    for key, sentence in _mistakes(claim):
        raise UserError(f"{where}: claim.{key}: {sentence}")
    return claim


def _in_words(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] == "missing":
        return "this key is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _mistakes(claim: Claim) -> Iterable[tuple[str, str]]:
    """Key and sentence of what is wrong across keys: names that are used must exist, and seeds must fit."""
    for name in claim.arms:
        if not _NAME.fullmatch(name):
            yield f"arms.{name}", "a name has small letters, digits and _ only"
    if claim.check is None and not claim.arms:
        yield "arms", "give arms to train, or a check, or both"
    yield from _of_conditions(claim)
    reported = set(claim.seeds(claim.stages[-1]))
    if claim.arms and (common := sorted(reported & set(claim.tuning_seeds))):
        yield "tuning_seeds", f"{_listed(common)} are reported too: what is tuned on cannot be reported"
    if not claim.tuning_seeds and any(claim.grid(name) for name in claim.condition_names):
        yield "tuning_seeds", "a claim that tunes needs seeds for it"
    if claim.tune_by is not None and claim.tune_by not in (*SCORES, *ERRORS):
        yield "tune_by", f"choose one of {_listed(sorted((*SCORES, *ERRORS)))}"
    if lost := conditions.unknown(claim.conditions, claim.quick.conditions):
        yield "quick.conditions", _no_condition(claim, lost[0])
    if fixed := sorted(set(claim.margins) & set(MARGINS)):
        yield (
            f"margins.{fixed[0]}",
            f"it is {MARGINS[fixed[0]]} for all claims (src/losslab/claims/margins.py)",
        )
    if not claim.of_role(CORE):
        yield "predictions", "no prediction has role: core, so nothing decides the claim"
    for place, prediction in enumerate(claim.predictions):
        for key, sentence in _of_prediction(claim, prediction):
            yield f"predictions.{place}.{key}", sentence
    if wrong := answer.mistake(claim):
        yield "answer", wrong


def _of_conditions(claim: Claim) -> Iterable[tuple[str, str]]:
    levels = [level for factor in claim.conditions for level in factor]
    for name in levels:
        if not _NAME.fullmatch(name):
            yield f"conditions.{name}", "a name has small letters, digits and _ only"
        if levels.count(name) > 1:
            yield f"conditions.{name}", "two factors have this level: give each level a name of its own"
    for name in claim.condition_names:
        arm = claim.condition(name).as_tuned_for
        if arm is not None and arm not in claim.arms:
            yield f"conditions.{name}.as_tuned_for", _no("arm", arm, claim.arms)
    if claim.holds_in == "most" and len(claim.condition_names) < 6:
        yield "holds_in", "five conditions or fewer can never show that it holds in most of them"


def _of_prediction(claim: Claim, prediction: Prediction) -> Iterable[tuple[str, str]]:
    if prediction.quantity is not None and claim.check is None:
        yield "quantity", "there is no check that could measure it"
    for arm in prediction.arm:
        if arm not in claim.arms:
            yield "arm", _no("arm", arm, claim.arms)
    for reference in prediction.against:
        arm, levels = split_reference(reference)
        if arm not in claim.arms:
            yield "against", _no("arm", arm, claim.arms)
        if lost := conditions.unknown(claim.conditions, [levels]):
            yield "against", _no_condition(claim, lost[0])
    if lost := conditions.unknown(claim.conditions, prediction.at):
        yield "at", _no_condition(claim, lost[0])
    if prediction.expect is not None and claim.margin(prediction) is None:
        yield (
            "metric",
            f"losslab has no margin for {prediction.metric}: give one in claim.margins, a number or a ratio "
            "like 5%",
        )


def _no_condition(claim: Claim, name: str) -> str:
    return _no("condition", name, [level for factor in claim.conditions for level in factor])


def _no(what: str, name: str, known: Collection[str]) -> str:
    return f"there is no {what} {name}; there are: {_listed(known) or 'none'}"


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(str(item) for item in items)
