"""Regression: one or more real numbers, predicted by the mean that the loss's head makes of raw outputs."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import MeanAbsoluteError, MeanSquaredError, Metric, MetricCollection, R2Score

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.heads import Head, Value
from losslab.tasks.kinds.base import Kind, error_signs, refuse_options
from losslab.tasks.metrics import MeanErrorOf, MeanOf, MedianAbsoluteError, converted
from losslab.tasks.pictures import predicted_against_true
from losslab.tasks.sources import Raw


class Regression(Kind):
    """Targets: (N, D) float32 in their own unit. Raw outputs: (N, D), or as the loss's head has them.

    `losslab/tasks/heads.py` has the heads; without one raw outputs are the prediction, on the loss's scale.
    Losses are fed `values` or, with a histogram, `bins`: values in units of its bins.

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
            self.predicted(outputs), targets
        ),
    }

    def __init__(self, features: int, scaling: str | None = None) -> None:
        self.features = self.output_features = features
        self.scaling = scaling
        self.head: Head = Value()
        self.mean, self.std = torch.zeros(features), torch.ones(features)
        self.centre = torch.zeros(features)
        self.training_range = torch.zeros(features), torch.ones(features)

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
        kind = Regression(self.features, self.scaling)
        kind.centre = targets.mean(dim=0)
        if self.scaling is not None:
            kind.mean, kind.std = kind.centre, targets.std(dim=0, correction=0)
            if not bool((kind.mean + kind.std).isfinite().all()):
                raise UserError(
                    f"targets reach {float(targets.abs().max()):.1e}, and their mean and standard deviation "
                    "are beyond float32: give them in another unit"
                )
            kind.std[kind.std == 0] = 1.0
        scaled = kind.scaled(targets)
        kind.training_range = scaled.amin(dim=0), scaled.amax(dim=0)
        return kind

    def with_head(self, head: Head) -> Regression:
        kind = copy.copy(self)
        kind.head = head.fitted(*self.training_range)
        kind.output_features = self.features * head.outputs
        more = {
            name: lambda kind, targets, form=form: form(kind.head, kind.scaled(targets))
            for name, form in head.target_forms.items()
        }
        kind.target_forms = {**self.target_forms, **more}  # type: ignore[misc]  # of this object alone
        return kind

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Outliers: moved by `size`, up (positive), down (negative) or either (random)."""
        refuse_options(options, "regression", "flip")
        size = options.get("size")
        if isinstance(size, bool) or not isinstance(size, int | float) or size <= 0:
            raise UserError(
                f"task.corruption.size={size} is wrong: say how far off outliers lie, in the targets' unit"
            )
        signs = error_signs(options, targets.numel(), generator).reshape(targets.shape)
        return targets + size * signs

    def scaled(self, targets: Tensor) -> Tensor:
        """Targets (N, D) as the loss sees them."""
        return (targets - self.mean.to(targets.device)) / self.std.to(targets.device)

    def predicted(self, outputs: Tensor) -> Tensor:
        """The prediction of raw outputs, (N, D) in the targets' unit."""
        mean = self.head.mean(outputs.float())
        return mean * self.std.to(outputs.device) + self.mean.to(outputs.device)

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
            lambda outputs: self.predicted(outputs) - self.centre.to(outputs.device),
            lambda targets: targets - self.centre.to(targets.device),
        )
        return MetricCollection({"centred": centred})


def _pinball(quantile: float, predictions: Tensor, targets: Tensor) -> Tensor:
    """Of each value, (N, D) to (N * D,). Koenker and Bassett 1978, https://doi.org/10.2307/1913643"""
    above = (targets - predictions).flatten()
    return torch.maximum(quantile * above, (quantile - 1) * above)


def _covered(predictions: Tensor, targets: Tensor) -> Tensor:
    return (targets <= predictions).flatten().float()
