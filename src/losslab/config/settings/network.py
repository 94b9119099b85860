"""The sections `activation` and `init` of a config. A model is a `Target`, which checks its own arguments."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic

from losslab.config.settings.values import (
    ONE,
    SEVERAL,
    Section,
    Target,
    has,
    wrong,
)


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
    Annotated[Target, pydantic.Tag(ONE)] | Annotated[LayersSettings, pydantic.Tag(SEVERAL)], has("layers")
]


class InitSettings(Section):
    """Functions for the initial weights and biases; null keeps torch's defaults."""

    weight: Target | None = None
    bias: Target | None = None
    data_driven: Target | None = None
