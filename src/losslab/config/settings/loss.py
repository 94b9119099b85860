"""The section `loss` of a config: one loss with the inputs it needs, or a weighted sum of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pydantic

from losslab.config.settings.values import (
    ONE,
    SEVERAL,
    Number,
    Section,
    Target,
    has,
    number,
    said,
    wrong,
)


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
    has("terms"),
]
