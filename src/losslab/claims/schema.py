"""What a claim's file may contain, and the error for what it may not. Nothing here runs anything.

docs/own_claim.md explains the keys to users.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, AllowInfNan, BeforeValidator, Field, model_validator

from losslab.errors import UserError

_STRICT = pydantic.ConfigDict(extra="forbid")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")
ALL_IN_ONE = "all"  # the condition of a claim that names none


def _as_overrides(value: Any) -> Any:
    """`loss=mse optimizer=adam` is accepted in place of a list of the two."""
    if value is None:
        return []
    return value.split() if isinstance(value, str) else value


def _as_seeds(value: Any) -> Any:
    """A number n stands for the seeds 0 to n-1."""
    return list(range(value)) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _as_choice(value: Any) -> Any:
    """A value of a grid: a number, a word, yes or no, null, or a list of such, which becomes a tuple."""
    if isinstance(value, list | tuple):
        return tuple(_as_choice(item) for item in value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a value of a grid must be finite")
    if value is not None and not isinstance(value, str | int | float):
        raise ValueError("a value of a grid is a number, a word, true, false, null or a list of such")
    return value


Choice = Annotated[Any, AfterValidator(_as_choice)]
Grid = dict[str, Annotated[list[Choice], Field(min_length=1)]]
Finite = Annotated[float, AllowInfNan(False)]
Overrides = Annotated[list[str], BeforeValidator(_as_overrides)]
Seeds = Annotated[list[Annotated[int, Field(ge=0, lt=2**32)]], BeforeValidator(_as_seeds)]
Names = Annotated[list[str], BeforeValidator(_as_list)]


class Condition(pydantic.BaseModel):
    """A condition under which all arms are compared: a depth, an optimizer, a share of wrong labels.

    Attributes:
        overrides: Hydra overrides of all its runs.
        tune: this condition's own grid instead of the claim's, e.g. learning rates for its optimizer.
    """

    model_config = _STRICT
    overrides: Overrides = []
    tune: Grid | None = None


class Quick(pydantic.BaseModel):
    """The same claim within a minute or so, on embedded data: for a first try, not for a verdict to quote.

    Attributes:
        overrides: of all runs, after those of arms and conditions.
        conditions: those that remain; a mapping gives them other overrides.
        tune: one grid for all conditions.
    """

    model_config = _STRICT
    overrides: Overrides = []
    seeds: Seeds = [0, 1, 2]
    tuning_seeds: Seeds = [1000]
    conditions: Annotated[list[str] | dict[str, Overrides] | None, Field()] = None
    tune: Grid | None = None
    seconds: float | None = None


class Prediction(pydantic.BaseModel):
    """One number that the statement is about, and the margin that it must meet.

    Attributes:
        says: the prediction in a sentence.
        why: why this prediction expresses the statement.
        quantity: of the check's result; then neither metric nor arms.
        metric: a test metric of the task, or a measure of `measures.py`.
        target: the metric's value for the measure `steps_to_target`.
        arm: the arm, or several arms, whose metric it is; the prediction is about each of them.
        against: arms to compare with, over the seeds that both have; none: the arm's own value counts.
            `arm@condition` names an arm under another condition.
        at: the conditions that it is about; by default all.
        ratio: arm / against instead of arm - against, on the log scale. Without `against`: the metric is a
            ratio itself, and its mean a geometric one.
        at_least, at_most: the margin, in the metric's unit (or as a ratio); both: between the two.
        equals, within: an equality, with the tolerance that counts as equal.
    """

    model_config = _STRICT
    says: str
    why: str
    quantity: str | None = None
    metric: str | None = None
    target: Finite | None = None
    arm: Names = []
    against: Names = []
    at: Names = []
    ratio: bool = False
    at_least: Finite | None = None
    at_most: Finite | None = None
    equals: Finite | None = None
    within: Annotated[Finite, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_margin(self) -> Prediction:
        bounds = [margin for margin in (self.at_least, self.at_most) if margin is not None]
        if (self.equals is None) == (not bounds):
            raise ValueError("give at_least, at_most or both; or equals with within")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise ValueError("at_least is above at_most: nothing lies between")
        if (self.equals is None) != (self.within is None):
            raise ValueError("equals needs within, the tolerance, and the other way round")
        if (self.quantity is None) == (self.metric is None):
            raise ValueError("give either metric (of the runs) or quantity (of the check)")
        if self.quantity is not None and (self.arm or self.against or self.at):
            raise ValueError("a quantity of the check has no arm, against or at")
        if self.metric is not None and not self.arm:
            raise ValueError("a metric needs arm: whose it is")
        if (self.target is not None) != (self.metric == "steps_to_target"):
            raise ValueError("the metric steps_to_target, and no other, needs target: the value to reach")
        if self.ratio and min(value for value in self.margins if value is not None) <= 0:
            raise ValueError("the margin of a ratio must be positive")
        return self

    @property
    def margins(self) -> tuple[float | None, float | None]:
        """The lower and upper end of the range in which the number must lie."""
        if self.equals is not None and self.within is not None:
            return self.equals - self.within, self.equals + self.within
        return self.at_least, self.at_most


class Claim(pydantic.BaseModel):
    """A claim's file, checked.

    Attributes:
        statement: what the article says, in losslab's words.
        source: where the article says it.
        note: what a reader of the verdict should know: conditions that the article leaves out, repeated
            measurements.
        check: dotted path of a function `(quick: bool) -> CheckResult`.
        arms: name -> overrides: what is compared.
        conditions: name -> condition under which all arms are compared.
        tune: nuisance: config key -> its grid. Every arm gets the same one under each condition.
        seeds: of the reported runs; tuning_seeds: of the runs that choose from the grid.
        seconds: processor time when it was last measured, for estimates.
    """

    model_config = _STRICT
    statement: str
    source: str
    note: str = ""
    check: str | None = None
    arms: dict[str, Overrides] = {}
    conditions: dict[str, Condition] = {}
    tune: Grid = {}
    seeds: Seeds = []
    tuning_seeds: Seeds = []
    quick: Quick = Quick()
    seconds: float | None = None
    predictions: Annotated[list[Prediction], Field(min_length=1)]

    @pydantic.field_validator("conditions", mode="before")
    @classmethod
    def _plain_overrides_are_a_condition(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: condition if isinstance(condition, Mapping) else {"overrides": condition}
            for name, condition in value.items()
        }

    @property
    def condition_names(self) -> list[str]:
        return list(self.conditions) or [ALL_IN_ONE]

    def grid(self, condition: str) -> Grid:
        own = self.conditions[condition].tune if condition in self.conditions else None
        return self.tune if own is None else own

    def in_quick(self) -> Claim:
        """The claim as `--quick` runs it."""
        kept = self.quick.conditions
        conditions = {}
        for name, condition in self.conditions.items():
            if kept is None or name in kept:
                update: dict[str, Any] = {"tune": self.quick.tune} if self.quick.tune else {}
                if isinstance(kept, dict):
                    update["overrides"] = kept[name]
                conditions[name] = condition.model_copy(update=update)
        predictions = []
        for prediction in self.predictions:
            at = [name for name in prediction.at if kept is None or name in kept]
            elsewhere = [other for _, other in map(split_reference, [*prediction.arm, *prediction.against])]
            gone = [name for name in elsewhere if name is not None and kept is not None and name not in kept]
            if (at or not prediction.at) and not gone:
                predictions.append(prediction.model_copy(update={"at": at}))
        return self.model_copy(
            update={
                "conditions": conditions,
                "predictions": predictions,
                "tune": self.quick.tune or self.tune,
                "seeds": self.quick.seeds if self.arms else [],
                "tuning_seeds": self.quick.tuning_seeds if self.arms else [],
            }
        )


def split_reference(reference: str) -> tuple[str, str | None]:
    """ "mse@adam" -> ("mse", "adam"); "mse" -> ("mse", None)."""
    arm, _, condition = reference.partition("@")
    return arm, condition or None


def parse(plain: Any, where: str) -> Claim:
    """The claim that a file's `claim:` describes.

    Args:
        plain: the section as plain data.
        where: what to name in an error: the file.

    Raises UserError that names the file and the key.
    """
    if not isinstance(plain, Mapping):
        raise UserError(f"{where}: claim must be a mapping with a statement, a source and predictions")
    try:
        claim = Claim.model_validate(plain)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(["claim", *(str(part) for part in first["loc"])])
        raise UserError(f"{where}: {key}: {_in_words(first)}") from None
    _check_whole(claim, where)
    return claim


def _in_words(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    if error["type"] == "missing":
        return "this key is missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _check_whole(claim: Claim, where: str) -> None:
    """Checks across keys: names that are used must exist, and seeds must fit."""

    def fail(key: str, sentence: str) -> None:
        raise UserError(f"{where}: claim.{key}: {sentence}")

    for key, names in (("arms", claim.arms), ("conditions", claim.conditions)):
        for name in names:
            if not _NAME.fullmatch(name):
                fail(f"{key}.{name}", "a name has small letters, digits and _ only")
    if claim.check is None and not claim.arms:
        fail("arms", "give arms to train, or a check, or both")
    if claim.arms and len(set(claim.seeds)) < 2:
        fail("seeds", "give at least 2 different seeds")
    tuned = any(claim.grid(name) for name in claim.condition_names)
    if tuned and not claim.tuning_seeds:
        fail("tuning_seeds", "a claim that tunes needs seeds for it")
    if common := sorted(set(claim.seeds) & set(claim.tuning_seeds)):
        fail("tuning_seeds", f"{_listed(common)} are reported too: what is tuned on cannot be reported")
    if claim.quick.conditions is not None:
        _known(
            list(claim.quick.conditions),
            claim.conditions,
            "condition",
            lambda text: fail("quick.conditions", text),
        )
    for place, prediction in enumerate(claim.predictions):
        if prediction.quantity is not None and claim.check is None:
            fail(f"predictions.{place}.quantity", "there is no check that could measure it")
        for key in ("arm", "against"):
            for reference in getattr(prediction, key):
                arm, condition = split_reference(reference)
                say = lambda text, key=key, place=place: fail(f"predictions.{place}.{key}", text)  # noqa: E731
                _known([arm], claim.arms, "arm", say)
                if condition is not None:
                    _known([condition], claim.condition_names, "condition", say)
        _known(
            prediction.at,
            claim.condition_names,
            "condition",
            lambda text, place=place: fail(f"predictions.{place}.at", text),
        )


def _known(names: Sequence[str], known: Any, what: str, fail: Any) -> None:
    for name in names:
        if name not in known:
            fail(f"there is no {what} {name}; there are: {_listed(known) or 'none'}")


def _listed(items: Any) -> str:
    return ", ".join(str(item) for item in items)
