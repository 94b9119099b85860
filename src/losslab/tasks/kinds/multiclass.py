"""Multiclass: each sample belongs to exactly one of K classes; the prediction is the largest raw output."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind
from losslab.tasks.sources import Raw


class Multiclass(Kind):
    """Targets: class indices (N,) int64 in 0..K-1. Raw outputs: (N, K)."""

    primary = "accuracy"
    higher_is_better = True
    target_forms: ClassVar = {
        "class_index": lambda self, targets: targets,
        "one_hot": lambda self, targets: torch.nn.functional.one_hot(targets, self.num_classes).float(),
    }

    def __init__(self, num_classes: int) -> None:
        self.num_classes = self.output_features = num_classes

    @classmethod
    def from_config(cls, config: Mapping[str, Any], raw: Raw) -> Multiclass:
        if raw.targets.dtype.is_floating_point or raw.targets.ndim != 1:
            raise UserError(
                f"task.kind=multiclass needs whole-number class indices of shape (N,), the data have "
                f"{raw.targets.dtype} of shape {tuple(raw.targets.shape)}"
            )
        if raw.targets.min() < 0:
            raise UserError(f"class indices must not be negative, the data have {int(raw.targets.min())}")
        present = int(raw.targets.max()) + 1
        asked = config.get("num_classes") or present
        if not isinstance(asked, int) or asked < 2:
            raise UserError(f"task.num_classes={asked} is wrong: give a whole number from 2 to {present}")
        if asked > present:
            raise UserError(f"task.num_classes={asked} asks for more classes than the data have: {present}")
        return cls(asked)

    def select(self, raw: Raw) -> Raw:
        keep = raw.targets < self.num_classes
        if bool(keep.all()):
            return raw
        if raw.dataset is not None:
            dataset = torch.utils.data.Subset(raw.dataset, keep.nonzero()[:, 0].tolist())
        else:
            dataset = None
        return dataclasses.replace(
            raw,
            inputs=None if raw.inputs is None else raw.inputs[keep],
            targets=raw.targets[keep],
            is_test=None if raw.is_test is None else raw.is_test[keep],
            dataset=dataset,
        )

    def strata(self, targets: Tensor) -> Tensor:
        return targets

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return (len(targets), self.num_classes)

    def metrics(self, final: bool) -> MetricCollection:
        options: dict[str, Any] = {"num_classes": self.num_classes, "validate_args": False}
        chosen: dict[str, Any] = {"accuracy": MulticlassAccuracy(average="micro", **options)}
        if final:
            chosen["balanced_accuracy"] = MulticlassAccuracy(average="macro", **options)
            chosen["macro_f1"] = MulticlassF1Score(average="macro", **options)
        return MetricCollection(chosen)
