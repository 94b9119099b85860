"""What a run's config may hold, section by section, as in conf/config.yaml.

Only shapes, types and ranges that need no data. Whether a loss serves a task, or a model takes its inputs, is
checked where those are made. A `Target` names code, and that code checks its own arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pydantic

from losslab.config.settings.values import (
    AUTO,
    Count,
    CountFromZero,
    CountOrAuto,
    Flag,
    Number,
    PositiveOrNull,
    Section,
    Seed,
    Standardise,
    Target,
    is_number,
    number,
    said,
    whole,
    wrong,
)

# Tags of unions, which pydantic adds to an error's path; no config has such keys.
ONE, SEVERAL = "losslab: one", "losslab: several"


def _has(key: str) -> pydantic.Discriminator:
    """Chooses between two forms of a section by whether it has this key."""

    def chosen(data: Any) -> str:
        found = key in data if isinstance(data, Mapping) else hasattr(data, key)
        return SEVERAL if found else ONE

    return pydantic.Discriminator(chosen)


# ---- task


def _share_or_count(value: Any) -> Any:
    if isinstance(value, float) and value >= 1 and value.is_integer():
        return int(value)
    if isinstance(value, float) and value > 1:
        raise wrong(_SHARE_OR_COUNT)
    return value


_SHARE_OR_COUNT = "give a share between 0 and 1, or a whole number of samples"
_size = number(_SHARE_OR_COUNT, lambda value: value > 0)
_size_or_null = number(f"{_SHARE_OR_COUNT}, or null", lambda value: value > 0, or_null=True)


class SplitSettings(Section):
    """Shares (below 1) or numbers of samples; `test` is null if the data set has its own test samples."""

    validation: Annotated[Number, pydantic.BeforeValidator(_share_or_count), _size]
    test: Annotated[Number | None, pydantic.BeforeValidator(_share_or_count), _size_or_null]
    seed: Seed


class ScalingSettings(Section):
    """Inputs become (input - mean) / std."""

    mean: Annotated[Number, number("give a number")]
    std: Annotated[Number, number("give a number other than 0", lambda value: value != 0)]


class CorruptionSettings(Section):
    """Wrong training labels.

    Attributes:
        share: of the training samples that get one.
        flip: of classes and labels; null is symmetric.
        size, sign: of errors in regression (in the targets' unit) and of masks (in pixels).
    """

    share: Annotated[
        Number,
        number("give a share of the training labels from 0 to 1", lambda value: 0 <= value <= 1),
    ]
    flip: Annotated[Literal["symmetric", "pair"] | None, said("choose one of symmetric, pair, or null")] = (
        None
    )
    size: PositiveOrNull
    sign: Annotated[
        Literal["positive", "negative", "random"] | None,
        said("choose one of positive, negative, random, or null"),
    ]


def _class_index(value: Any) -> int:
    if not isinstance(value, bool) and str(value).isdecimal():
        return int(value)
    raise wrong("give a class by its number")


def _classes_and_shares(value: Any) -> Any:
    if value is None or (isinstance(value, Mapping) and all(str(name).isdecimal() for name in value)):
        return value
    raise wrong("give {class: share}, e.g. {9: 0.05}")


_Kept = Annotated[
    Number,
    number(
        "give the share of the class's training samples that stays, above 0 and up to 1",
        lambda value: 0 < value <= 1,
    ),
]


class RecipeSettings(Section):
    """What the task proposes to trainer and model; the user's own model may read its own keys here."""

    model_config = pydantic.ConfigDict(extra="allow", frozen=True)
    max_epochs: Count
    batch_size: Count
    eval_every: CountOrAuto
    eval_batch_size: Count


class TaskSettings(Section):
    """The config group `task`.

    `options` is for the user's own kind, which may need more keys (`Kind.from_config`).
    """

    num_classes: Annotated[
        int | None, whole("give a whole number from 2, or null for all", from_=2, or_null=True)
    ]
    split: SplitSettings
    scaling: Annotated[
        ScalingSettings | Standardise | None,
        said("give {mean: 0.5, std: 0.5}, standardise or null"),
    ]
    target_scaling: Annotated[Standardise | None, said("give standardise or null")]
    corruption: CorruptionSettings
    imbalanced: Annotated[
        dict[Annotated[int, pydantic.BeforeValidator(_class_index)], _Kept] | None,
        pydantic.BeforeValidator(_classes_and_shares),
    ]
    in_memory: Flag
    targets: Annotated[
        list[Annotated[Number, number("give a number")]],
        said("give a list of metric values, e.g. [0.9, 0.95]"),
    ]
    recipe: RecipeSettings
    kind: str
    source: Target
    options: dict[str, Any] = pydantic.Field(default_factory=dict)

    @pydantic.field_validator("targets", mode="before")
    @classmethod
    def _null_is_none_of_them(cls, value: Any) -> Any:
        return [] if value is None else value


# ---- model, activation, init


class LayersSettings(Section):
    """One activation for each hidden layer of the model."""

    layers: list[Target]

    @pydantic.field_validator("layers", mode="before")
    @classmethod
    def _some(cls, value: Any) -> Any:
        if not isinstance(value, list) or not value:
            raise wrong("give a list like [relu, sigmoid]")
        return value


ActivationSettings = Annotated[
    Annotated[Target, pydantic.Tag(ONE)] | Annotated[LayersSettings, pydantic.Tag(SEVERAL)], _has("layers")
]


class InitSettings(Section):
    """Functions for the initial weights and biases; null keeps torch's defaults."""

    weight: Target | None = None
    bias: Target | None = None
    data_driven: Target | None = None


# ---- loss


class SingleLossSettings(Section):
    """A loss together with the inputs it needs.

    Attributes:
        head: what the network's outputs stand for in regression, see `losslab.tasks.heads`; null: values.
    """

    loss: Target
    output_activation: str
    targets: Annotated[
        str | Annotated[list[str], pydantic.Field(min_length=1)],
        said("give the form in which the loss takes its targets, or a list of them, e.g. [one_hot]"),
    ]
    expects: str | None = None
    head: Target | None = None
    misuse: Literal["on_purpose"] | None = None

    @pydantic.model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and "eats" in value:
            raise wrong("this key is now called expects: rename it", argument="eats")
        return value

    @property
    def parts(self) -> Sequence[SingleLossSettings]:
        """The losses in it: only itself."""
        return [self]

    @property
    def forms(self) -> list[str]:
        """The forms in which it takes targets, preferred first."""
        return [self.targets] if isinstance(self.targets, str) else self.targets


class TermSettings(SingleLossSettings):
    """One loss of a weighted sum."""

    name: str
    weight: Annotated[Number, number("give a number")]


class SumSettings(Section):
    """A weighted sum of losses."""

    terms: list[TermSettings]

    @pydantic.field_validator("terms")
    @classmethod
    def _one_head(cls, value: list[TermSettings]) -> list[TermSettings]:
        if any(term.head != value[0].head for term in value):
            raise wrong("its terms need the same head: the network has one set of outputs")
        return value

    @property
    def parts(self) -> Sequence[SingleLossSettings]:
        """The losses in the sum."""
        return self.terms

    @property
    def head(self) -> Target | None:
        """That of all its terms."""
        return self.terms[0].head


AnyLoss = SingleLossSettings | SumSettings
LossSettings = Annotated[
    Annotated[SingleLossSettings, pydantic.Tag(ONE)] | Annotated[SumSettings, pydantic.Tag(SEVERAL)],
    _has("terms"),
]


# ---- optimiser, trainer, diagnostics


class OptimizerSettings(Target):
    """Makes the optimiser from the parameters. A learning rate, if given, must be positive.

    `fused: auto` stands for true where device and precision support it, see `train/optimizer.py`.
    """

    @property
    def learning_rate(self) -> float | None:
        """The argument `lr`; None for the optimiser's own default."""
        return self.arguments.get("lr")

    @pydantic.model_validator(mode="after")
    def _learns(self) -> OptimizerSettings:
        rate = self.arguments.get("lr", 1.0)
        if not is_number(rate) or rate <= 0:
            raise wrong("give a number above 0", argument="lr")
        if self.arguments.get("fused") not in (None, True, False, "auto"):
            raise wrong("give auto, true, false or null", argument="fused")
        return self


_SHARE_OR_STEPS = "give a number of steps from 0, or a share of them below 1"


class SchedulerSettings(Section):
    """The learning rate over the steps.

    Attributes:
        decay: makes a torch scheduler from (optimizer, steps); null: constant.
        warmup: steps, or a share (below 1) of the run's steps, in which the learning rate rises linearly.
    """

    decay: Target | None
    warmup: Annotated[
        Number, number(_SHARE_OR_STEPS, lambda value: value >= 0 and (value < 1 or value % 1 == 0))
    ]

    @pydantic.field_validator("warmup")
    @classmethod
    def _whole_steps(cls, value: Number) -> Number:
        return value if value < 1 else int(value)


class AveragingSettings(Section):
    """Which average of the weights is evaluated.

    Attributes:
        method: exponential moving average, or equal weights; null: no average.
        decay: of the moving average.
        last: share of the steps, at the end of training, that are averaged.
    """

    method: Annotated[Literal["ema", "equal"] | None, said("choose one of ema, equal, or null")]
    decay: Annotated[Number, number("give a number between 0 and 1", lambda value: 0 < value < 1)] = 0.99
    last: Annotated[Number, number("give a share above 0, up to 1", lambda value: 0 < value <= 1)] = 1.0


class GradientClipSettings(Section):
    """Limits before each step: for the norm of all gradients together, and for the absolute value of each."""

    norm: PositiveOrNull
    value: PositiveOrNull


class TrainerSettings(Section):
    """The config group `trainer`."""

    max_epochs: Count
    batch_size: Count
    eval_every: CountOrAuto
    eval_batch_size: Count
    log_every: Count
    accelerator: str
    precision: Literal["32-true", "64-true", "bf16-mixed", "bf16-true"]  # 16-mixed needs a loss scaler
    matmul_precision: Literal["highest", "high", "medium"]
    channels_last: Flag
    gradient_clip: GradientClipSettings
    checkpoint: Flag
    num_workers: CountFromZero
    threads: CountOrAuto = AUTO
    # Only in trainer=ddp, so that runs in one process keep their identity.
    strategy: Literal["ddp"] | None = None
    devices: Count = 1


class DiagnosticsSettings(Section):
    """What is measured while training, by name."""

    callbacks: dict[str, Target]


class LoggerSettings(Section):
    """Where curves and results go besides TensorBoard.

    Attributes:
        more: a logger of Lightning's.
        name_as: its argument that takes the run's name.
    """

    more: Target | None = None
    name_as: str | None = None


# ---- the whole


class RunSettings(Section):
    """All settings of one run.

    Attributes:
        choices: config group -> chosen name, as in {"task": "digits"}; not part of `plain()`.
    """

    seed: Seed
    data_dir: str
    folder: str
    read_test: Flag
    retry_failed: Flag
    fail_fast: Flag
    temperature_scaling: Flag = False
    deterministic: Flag
    allow_misuse: Flag
    pictures: Annotated[
        int | None,
        whole("give a whole number from 0 to 1000, or null for none", from_=0, below=1001, or_null=True),
    ]
    task: TaskSettings
    model: Target
    activation: ActivationSettings
    init: InitSettings
    loss: LossSettings
    optimizer: OptimizerSettings
    scheduler: SchedulerSettings
    averaging: AveragingSettings
    trainer: TrainerSettings
    diagnostics: DiagnosticsSettings
    logger: LoggerSettings = LoggerSettings()
    choices: dict[str, str] = pydantic.Field(default_factory=dict, exclude=True)

    @pydantic.field_validator("folder", mode="before")
    @classmethod
    def _folder_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) else value  # folder=2024
