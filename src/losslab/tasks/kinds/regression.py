"""Regression: one or more real numbers; the raw outputs are the prediction, on the loss's scale."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, MetricCollection, R2Score

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind
from losslab.tasks.metrics import MeanErrorOf, MeanOf, MedianAbsoluteError, converted
from losslab.tasks.pictures import predicted_against_true
from losslab.tasks.sources import Raw

SIGNS = ("positive", "negative", "random")


class Regression(Kind):
    """Targets: (N, D) float32 in their own unit. Raw outputs: (N, D).

    With `target_scaling: standardise` losses see targets with mean 0 and standard deviation 1 on the
    training split; metrics and pictures stay in the targets' own unit.

    Metrics: MAE, RMSE; at the end also R², median absolute error, pinball losses (half of MAE is that of the
    median; `pinball_10` and `pinball_90` are those of the quantiles 0.1 and 0.9) and coverage: the share of
    targets that are no larger than the prediction, which for a quantile should be that quantile.
    """

    primary = "mae"
    higher_is_better = False
    target_forms: ClassVar = {"values": lambda self, targets: self.scaled(targets)}
    pictures: ClassVar = {
        "predicted_against_true": lambda self, inputs, outputs, targets: predicted_against_true.draw(
            self.unscaled(outputs.float()), targets
        ),
    }

    def __init__(self, features: int, scaling: str | None = None) -> None:
        self.output_features = features
        self.scaling = scaling
        self.mean, self.std = torch.zeros(features), torch.ones(features)
        self.centre = torch.zeros(features)

    @classmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Regression:
        if raw.targets.ndim > 2:
            raise UserError(
                f"task.kind=regression needs targets of shape (N,) or (N, D), the data have "
                f"{tuple(raw.targets.shape)}"
            )
        if raw.columns is not None and raw.class_names is not None:
            raise UserError(
                "task.kind=regression needs numbers, the table's target column has the classes "
                f"{', '.join(raw.class_names[:5])}: choose another kind, or another task.source.target"
            )
        return cls(1 if raw.targets.ndim == 1 else raw.targets.shape[1], config.target_scaling)

    def select(self, raw: Raw) -> Raw:
        raw.targets = raw.targets.float().reshape(len(raw), -1)
        return raw

    def fitted(self, targets: Tensor) -> Regression:
        kind = Regression(self.output_features, self.scaling)
        kind.centre = targets.mean(dim=0)
        if self.scaling is not None:
            kind.mean, kind.std = kind.centre, targets.std(dim=0, correction=0)
            kind.std[kind.std == 0] = 1.0
        return kind

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Outliers: moved by `size`, up (positive), down (negative) or either (random)."""
        size, sign = options.get("size"), options.get("sign")
        if isinstance(size, bool) or not isinstance(size, int | float) or size <= 0:
            raise UserError(
                f"task.corruption.size={size} is wrong: say how far off outliers lie, in the targets' unit"
            )
        if sign not in SIGNS:
            raise UserError(f"task.corruption.sign={sign} is wrong: choose one of {', '.join(SIGNS)}")
        signs = torch.randint(0, 2, targets.shape, generator=generator).mul_(2).sub_(1).float()
        if sign != "random":
            signs.fill_(1.0 if sign == "positive" else -1.0)
        return targets + size * signs

    def scaled(self, targets: Tensor) -> Tensor:
        """Targets (N, D) as the loss sees them."""
        return (targets - self.mean.to(targets.device)) / self.std.to(targets.device)

    def unscaled(self, outputs: Tensor) -> Tensor:
        """Raw outputs (N, D) in the targets' unit."""
        return outputs * self.std.to(outputs.device) + self.mean.to(outputs.device)

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return (len(targets), self.output_features)

    def metrics(self, final: bool) -> MetricCollection:
        chosen: dict[str, Metric] = {"mae": MeanAbsoluteError(), "rmse": MeanSquaredError(squared=False)}
        if final:
            chosen["r2"] = R2Score()
            chosen["median_absolute_error"] = MedianAbsoluteError()
            chosen["pinball_10"] = MeanErrorOf(functools.partial(_pinball, 0.1))
            chosen["pinball_90"] = MeanErrorOf(functools.partial(_pinball, 0.9))
            chosen["coverage"] = MeanOf(_covered)
        # Both minus the training mean: R² squares numbers, and large ones lose precision in float32.
        centred = converted(
            chosen,
            lambda outputs: self.unscaled(outputs.float()) - self.centre.to(outputs.device),
            lambda targets: targets - self.centre.to(targets.device),
        )
        return MetricCollection({"centred": centred})


def _pinball(quantile: float, predictions: Tensor, targets: Tensor) -> Tensor:
    """Of each value, (N, D) to (N * D,). Koenker and Bassett 1978, https://doi.org/10.2307/1913643"""
    above = (targets - predictions).flatten()
    return torch.maximum(quantile * above, (quantile - 1) * above)


def _covered(predictions: Tensor, targets: Tensor) -> Tensor:
    return (targets <= predictions).flatten().float()
