"""Scaling of inputs: by fixed numbers, or fitted on the training split alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from losslab.errors import UserError
from losslab.tasks.sources import Raw


@dataclasses.dataclass
class Scaling:
    """`(input - mean) / std`, where mean and std broadcast against one input."""

    mean: Any
    std: Any

    @classmethod
    def fit(cls, config: Mapping[str, Any] | str | None, raw: Raw, train: Tensor) -> Scaling:
        """From {"mean", "std"}, null (inputs as they are), or "standardise" (each feature on its own).

        "standardise" takes mean and standard deviation of the training samples only; a constant feature
        is centred and left at its scale.
        """
        if config is None:
            return cls(0.0, 1.0)
        if config == "standardise":
            inputs, _ = raw.gather(train)
            std = inputs.std(dim=0, correction=0)
            std[std == 0] = 1.0
            return cls(inputs.mean(dim=0), std)
        if isinstance(config, Mapping) and set(config) == {"mean", "std"} and config["std"]:
            return cls(config["mean"], config["std"])
        raise UserError(
            f"task.scaling={config} is not understood: give {{mean: 0.5, std: 0.5}}, standardise or null"
        )

    def __call__(self, inputs: Tensor) -> Tensor:
        scaled = inputs.float()
        if scaled is inputs:
            scaled = inputs.clone()
        return scaled.sub_(self.mean).div_(self.std)  # in place: a task holds its data once
