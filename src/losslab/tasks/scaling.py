"""Scaling of inputs: by fixed numbers, or fitted on the training split alone."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor

from losslab.config.settings import ScalingSettings
from losslab.tasks.sources import Raw

BLOCK = 4096


@dataclasses.dataclass
class Scaling:
    """`(input - mean) / std`, where mean and std broadcast against one input."""

    mean: Any
    std: Any

    @classmethod
    def fit(cls, settings: ScalingSettings | str | None, raw: Raw, train: Tensor) -> Scaling:
        """From mean and std, None (inputs as they are), or "standardise" (each feature on its own).

        "standardise" takes mean and standard deviation of the training samples only; a constant feature
        is centred and keeps its scale.
        """
        if settings is None:
            return cls(0.0, 1.0)
        if isinstance(settings, ScalingSettings):
            return cls(settings.mean, settings.std)
        return cls._of_training(raw, train)

    @classmethod
    def _of_training(cls, raw: Raw, train: Tensor) -> Scaling:
        """Block by block, so that large data are never copied; in two passes, for numerical accuracy."""

        def mean_of(function: Any) -> Tensor:
            total = sum(function(block).double().sum(dim=0) for block in blocks())
            return total / len(train)

        def blocks() -> Any:
            for indices in train.split(BLOCK):
                if raw.inputs is not None:
                    yield as_float(raw.inputs[indices])
                else:
                    yield torch.stack([as_float(raw.input_at(index)) for index in indices.tolist()])

        mean = mean_of(lambda block: block)
        std = mean_of(lambda block: (block.double() - mean).square()).sqrt().float()
        std[std == 0] = 1.0  # also where it is too small for float32
        return cls(mean.float(), std)

    def to(self, device: torch.device) -> Scaling:
        return Scaling(
            *(part.to(device) if isinstance(part, Tensor) else part for part in (self.mean, self.std))
        )

    def __call__(self, inputs: Tensor) -> Tensor:
        """Inputs (N, ...) as float32, scaled; bytes stand for [0, 1]. The input is not changed."""
        scaled = as_float(inputs)
        if scaled is inputs:
            scaled = inputs.clone()
        return scaled.sub_(self.mean).div_(self.std)  # in place: a task holds its data once


def as_float(inputs: Tensor) -> Tensor:
    """float32; bytes stand for [0, 1] in 255 steps."""
    return inputs.float().div_(255) if inputs.dtype == torch.uint8 else inputs.float()
