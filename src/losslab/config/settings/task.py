"""The section `task` of a config: data, splits, corruption and what the task proposes for training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pydantic

from losslab.config.settings.values import (
    Count,
    CountOrAuto,
    Flag,
    Number,
    PositiveOrNull,
    Section,
    Seed,
    Standardise,
    Target,
    number,
    said,
    whole,
    wrong,
)


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
