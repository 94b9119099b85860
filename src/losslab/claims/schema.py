"""What a claim's file may contain. Nothing here runs anything.

docs/own_claim.md explains the keys to users. `parse.py` reads a file and checks what concerns several keys.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from losslab.claims import conditions as conditions_of
from losslab.claims.conditions import Condition, Factor, Factors
from losslab.claims.keys import Finite, Grid, Names, Overrides, Seed
from losslab.claims.margins import doubled, margin_of
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import STAGES, Stages

CORE: Final = "core"
SIDE: Final = "side"
PREMISE: Final = "premise"
Role = Literal["core", "side", "premise"]
Expectation = Literal["higher", "lower", "equal", "not_higher", "not_lower"]

TAGS = ("right advice, wrong reason", "deprecated")
OUTDATED = re.compile(r"outdated since torch \d+\.\d+")
FIRST_SEED = 200  # below it are the seeds of tests, of tutorials and of the first edition
TUNING_SEEDS = (1200, 1201)

_STRICT = pydantic.ConfigDict(extra="forbid")


def _as_tag(tag: str) -> str:
    if tag not in TAGS and not OUTDATED.fullmatch(tag):
        raise ValueError(f"there is no tag {tag!r}; there are: {'; '.join(TAGS)}; outdated since torch 1.10")
    return tag


def _as_stages(value: Any) -> Any:
    """A number stands for a single look at that many seeds."""
    stages = (value,) if isinstance(value, int) and not isinstance(value, bool) else value
    return tuple(stages) if isinstance(stages, list) else stages


def _as_plan(stages: tuple[int, ...]) -> tuple[int, ...]:
    Stages(stages)  # raises ValueError with a sentence
    return stages


def _as_margin(value: Any) -> Any:
    return Margin.parse(value) if isinstance(value, int | float | str) else value


StageSizes = Annotated[tuple[int, ...], BeforeValidator(_as_stages), AfterValidator(_as_plan)]
OwnMargin = Annotated[Margin, BeforeValidator(_as_margin)]
Tag = Annotated[str, AfterValidator(_as_tag)]


class Quick(pydantic.BaseModel):
    """The same claim within a minute or so, on embedded data: for a first try, not for a verdict to quote.

    Attributes:
        overrides: of all runs, after those of arms and conditions.
        seeds: how many; they count from 0.
        conditions: those that remain, or levels of them.
        tune: one grid for all conditions.
    """

    model_config = _STRICT
    overrides: Overrides = []
    seeds: Annotated[int, Field(ge=2)] = 3
    tuning_seeds: list[Seed] = [1000]
    conditions: Names = []
    tune: Grid | None = None
    seconds: float | None = None


class Prediction(pydantic.BaseModel):
    """One number that the statement is about, and what it must be.

    Attributes:
        says: the prediction in a sentence.
        why: why this prediction expresses the statement.
        role: core decides, side is told beside the verdict, premise is what the core needs to mean anything.
        name: for the claim's answer.
        quantity: of the check's result; then neither metric nor arms. `{condition}` in it stands for the
            levels of a condition, joined by "_".
        metric: a test metric of the task, or a measure of `measures.py`.
        target: the metric's value for the measure `steps_to_target`.
        arm: the arm, or several arms, whose metric it is; the prediction is about each of them.
        against: arms to compare with, over the seeds that both have. `arm@level` is the arm under the
            condition with that level.
        at: the conditions that it is about, or levels of them; by default all.
        expect: how `arm` compares with `against`, by the metric's margin; `double` takes twice the margin.
        at_least, at_most: bounds of an arm's own mean, or of a quantity; both: between the two.
        equals, within: an equality, with the tolerance that counts as equal.
        ratio: the number is a ratio: its mean is a geometric one.
    """

    model_config = _STRICT
    says: str
    why: str
    role: Role
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    quantity: str | None = None
    metric: str | None = None
    target: Finite | None = None
    arm: Names = []
    against: Names = []
    at: Names = []
    expect: Expectation | None = None
    double: bool = False
    at_least: Finite | None = None
    at_most: Finite | None = None
    equals: Finite | None = None
    within: Annotated[Finite, Field(ge=0)] | None = None
    ratio: bool = False

    @model_validator(mode="after")
    def _one_number(self) -> Prediction:
        if (self.quantity is None) == (self.metric is None):
            raise ValueError("give either metric (of the runs) or quantity (of the check)")
        if self.quantity is not None and (self.arm or self.against):
            raise ValueError("a quantity of the check has no arm and no against")
        if self.metric is not None and not self.arm:
            raise ValueError("a metric needs arm: whose it is")
        if (self.target is not None) != (self.metric == "steps_to_target"):
            raise ValueError("the metric steps_to_target, and no other, needs target: the value to reach")
        return self

    @model_validator(mode="after")
    def _one_requirement(self) -> Prediction:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if self.against:
            if self.expect is None or bounds or self.equals is not None or self.ratio:
                raise ValueError(
                    "a comparison of arms says expect: higher, lower, equal, not_higher or not_lower, and no "
                    "number: its margin is that of the metric (double: true takes twice as much)"
                )
            return self
        if self.expect is not None or self.double:
            raise ValueError("expect and double compare arms: give against, or at_least or at_most instead")
        if (self.equals is None) == (not bounds):
            raise ValueError("give at_least, at_most or both; or equals with within")
        if len(bounds) == 2 and bounds[0] > bounds[1]:
            raise ValueError("at_least is above at_most: nothing lies between")
        if (self.equals is None) != (self.within is None):
            raise ValueError("equals needs within, the tolerance, and the other way round")
        if self.within == 0 and self.quantity is None:
            raise ValueError(
                "no number of seeds shows that two numbers are exactly equal: within must be above 0"
            )
        if self.ratio and min(bound for bound in self.bounds if bound is not None) <= 0:
            raise ValueError("the bound of a ratio must be above 0")
        return self

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lower and upper end of the range in which an arm's own number must lie."""
        if self.equals is not None and self.within is not None:
            return self.equals - self.within, self.equals + self.within
        return self.at_least, self.at_most


class Claim(pydantic.BaseModel):
    """A claim's file, checked.

    Attributes:
        statement: what the article says, in losslab's words.
        source: where the article says it.
        reported: of a paper: what it reports, to stand beside the verdict.
        note: what a reader of the verdict should know: what the article leaves out, repeated measurements.
        answer: what to do about it, in a sentence with places for numbers, see `answer.py`.
        tags: what else is true of the statement, of TAGS or OUTDATED.
        check: dotted path of a function `(quick: bool) -> CheckResult`.
        arms: name -> overrides: what is compared.
        conditions: under which all arms are compared: one factor, or several, of which all combinations.
        holds_in: `each`: the statement is about each condition; `most`: about more than half of such
            conditions, which are a sample (data sets), judged by the share in which it holds.
        tune: nuisance: config key -> its grid. Every arm gets the same one under each condition.
        tune_by: the validation metric that chooses from the grid; by default the task's primary one.
        margins: of metrics that losslab has none for.
        stages: numbers of seeds at which undecided conditions are judged; one number: a single look.
        first_seed: of the reported runs; tuning_seeds: of the runs that choose from the grid.
        seconds: about how much processor time it takes, measured or estimated, for --dry-run.
    """

    model_config = _STRICT
    statement: str
    source: str
    reported: str = ""
    note: str = ""
    answer: str = ""
    tags: list[Tag] = []
    check: str | None = None
    arms: dict[str, Overrides] = {}
    conditions: Factors = []
    holds_in: Literal["each", "most"] = "each"
    tune: Grid = {}
    tune_by: str | None = None
    margins: dict[str, OwnMargin] = {}
    stages: StageSizes = STAGES
    first_seed: Seed = FIRST_SEED
    tuning_seeds: list[Seed] = list(TUNING_SEEDS)
    quick: Quick = Quick()
    seconds: float | None = None
    predictions: Annotated[list[Prediction], Field(min_length=1)]

    @property
    def condition_names(self) -> list[str]:
        return conditions_of.names(self.conditions)

    def condition(self, name: str) -> Condition:
        return conditions_of.combined(self.conditions, name)

    def grid(self, condition: str) -> Grid:
        own = self.condition(condition).tune
        return self.tune if own is None else own

    def at(self, prediction: Prediction) -> list[str]:
        """The conditions that a prediction is about."""
        return conditions_of.chosen(self.conditions, prediction.at)

    def of_role(self, role: Role) -> list[Prediction]:
        return [prediction for prediction in self.predictions if prediction.role == role]

    def margin(self, prediction: Prediction) -> Margin | None:
        """The smallest difference that matters in the prediction's metric; None if there is none."""
        return margin_of(prediction.metric, self.margins) if prediction.metric else None

    def required(self, prediction: Prediction) -> Margin:
        """The margin by which a comparison is judged."""
        margin = self.margin(prediction)
        assert margin is not None  # `parse.py` has checked it
        return doubled(margin) if prediction.double else margin

    @property
    def plan(self) -> Stages:
        return Stages(self.stages)

    def seeds(self, count: int) -> list[int]:
        """The first `count` seeds of the reported runs."""
        return list(range(self.first_seed, self.first_seed + count))

    def in_quick(self) -> Claim:
        """The claim as `--quick` runs it."""
        kept = {level for name in self.quick.conditions for level in conditions_of.levels_of(name)}
        factors: list[Factor] = [
            {
                name: level.model_copy(update={"tune": self.quick.tune} if self.quick.tune else {})
                for name, level in factor.items()
                if name in kept or not kept & set(factor)
            }
            for factor in self.conditions
        ]
        left = [(prediction, self._left_at(prediction, factors)) for prediction in self.predictions]
        return self.model_copy(
            update={
                "conditions": factors,
                "predictions": [one.model_copy(update={"at": at}) for one, at in left if at is not None],
                "tune": self.quick.tune or self.tune,
                "stages": (self.quick.seeds,),
                "first_seed": 0,
                "tuning_seeds": self.quick.tuning_seeds,
            }
        )

    def _left_at(self, prediction: Prediction, factors: list[Factor]) -> list[str] | None:
        """The `at` of a prediction among fewer levels; None if it has lost the condition that it is about."""
        wanted = conditions_of.chosen(self.conditions, prediction.at)
        left = [name for name in wanted if not conditions_of.unknown(factors, [name])]
        elsewhere = [reference.partition("@")[2] for reference in prediction.against]
        if not left or conditions_of.unknown(factors, elsewhere):
            return None
        return left if prediction.at else []


def split_reference(reference: str) -> tuple[str, str]:
    """ "mse@adam" -> ("mse", "adam"); "mse" -> ("mse", "")."""
    arm, _, levels = reference.partition("@")
    return arm, levels
