"""Multiclass: each sample belongs to exactly one of K classes; the prediction is the largest raw output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassAveragePrecision,
    MulticlassCalibrationError,
    MulticlassCohenKappa,
    MulticlassF1Score,
    MulticlassRecall,
)

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind, flip_steps, refuse_options
from losslab.tasks.metrics import MeanErrorOf, converted
from losslab.tasks.pictures import confusion_matrix, reliability
from losslab.tasks.sources import Raw


class Multiclass(Kind):
    """Targets: class indices (N,) int64 in 0..K-1. Raw outputs: (N, K); their softmax is the probability.

    Metrics: accuracy; at the end also balanced accuracy, macro F1, recall of each class, Cohen's kappa, areas
    under the ROC and the precision-recall curve (each class against the others, mean over classes), expected
    calibration error (15 bins), Brier score (sum over classes, 0 to 2) and negative log-likelihood (nats).
    """

    primary = "accuracy"
    higher_is_better = True
    target_forms: ClassVar = {
        "class_index": lambda self, targets: targets,
        "one_hot": lambda self, targets: one_hot(targets, self.num_classes).float(),
    }
    pictures: ClassVar = {
        "confusion_matrix": lambda self, inputs, outputs, targets: confusion_matrix.draw(
            outputs.argmax(dim=1), targets, self.num_classes, self.class_names
        ),
        "reliability": lambda self, inputs, outputs, targets: reliability.draw(
            *reliability.of_largest(outputs.float().softmax(dim=1), targets)
        ),
    }

    def __init__(self, num_classes: int, class_names: list[str] | None = None) -> None:
        self.num_classes = self.output_features = num_classes
        self.class_names = class_names

    @classmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Multiclass:
        if raw.targets.dtype.is_floating_point or raw.targets.ndim != 1:
            raise UserError(
                f"task.kind=multiclass needs whole-number class indices of shape (N,), the data have "
                f"{raw.targets.dtype} of shape {tuple(raw.targets.shape)}"
            )
        if raw.targets.min() < 0:
            raise UserError(f"class indices must not be negative, the data have {int(raw.targets.min())}")
        labels = raw.targets.unique()
        present = len(labels)
        if present < 2 or int(labels[-1]) != present - 1:
            raise UserError(
                "task.kind=multiclass needs two classes or more, numbered from 0 without gaps; the data "
                f"have the {present} labels {_some(labels.tolist())}: number them in order, as "
                "numpy.unique(labels, return_inverse=True) does, or name the column of a table in "
                "task.source.categories"
            )
        asked = config.num_classes or present
        if asked > present:
            raise UserError(f"task.num_classes={asked} asks for more classes than the data have: {present}")
        return cls(asked, None if raw.class_names is None else raw.class_names[:asked])

    def select(self, raw: Raw) -> Raw:
        raw = raw.only(raw.targets < self.num_classes)
        raw.targets = raw.targets.long()
        return raw

    def strata(self, targets: Tensor) -> Tensor:
        return targets

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Another class, see `flip_steps`: a share of 0.1 is 10 % wrong labels."""
        refuse_options(options, "multiclass", "size", "sign")
        return (targets + flip_steps(self.num_classes, len(targets), options, generator)) % self.num_classes

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return (len(targets), self.num_classes)

    def metrics(self, final: bool) -> MetricCollection:
        options: dict[str, Any] = {"num_classes": self.num_classes, "validate_args": False}
        labels: dict[str, Metric] = {"accuracy": MulticlassAccuracy(average="micro", **options)}
        metrics: dict[str, Metric | MetricCollection] = {}
        if final:
            labels["balanced_accuracy"] = MulticlassAccuracy(average="macro", **options)
            labels["macro_f1"] = MulticlassF1Score(average="macro", **options)
            labels["recall_per_class"] = MulticlassRecall(average="none", **options)
            labels["cohen_kappa"] = MulticlassCohenKappa(**options)
            probabilities = {
                "auroc": MulticlassAUROC(average="macro", **options),
                "auprc": MulticlassAveragePrecision(average="macro", **options),
                "expected_calibration_error": MulticlassCalibrationError(n_bins=15, **options),
                "brier_score": MeanErrorOf(_brier_score),
            }
            metrics["probabilities"] = converted(
                probabilities, lambda outputs: outputs.float().softmax(dim=1)
            )
            metrics["negative_log_likelihood"] = MeanErrorOf(_negative_log_likelihood)
        metrics["labels"] = converted(labels, lambda outputs: outputs.argmax(dim=1))
        return MetricCollection(metrics)


def _some(labels: list[int]) -> str:
    return ", ".join(str(label) for label in labels[:5]) + (", ..." if len(labels) > 5 else "")


def _negative_log_likelihood(outputs: Tensor, targets: Tensor) -> Tensor:
    return cross_entropy(outputs.float(), targets, reduction="none")


def _brier_score(probabilities: Tensor, targets: Tensor) -> Tensor:
    return (probabilities - one_hot(targets, probabilities.shape[1])).square().sum(dim=1)
