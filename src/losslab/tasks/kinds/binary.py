"""Binary: positive (perhaps rare) or negative; positive is predicted where the raw output is above 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryAUROC,
    BinaryAveragePrecision,
    BinaryCalibrationError,
    BinaryCohenKappa,
    BinaryF1Score,
    BinaryPrecision,
    BinaryRecall,
)

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind, refuse_options
from losslab.tasks.metrics import MeanErrorOf, converted, hard, squared_error, wide
from losslab.tasks.pictures import confusion_matrix, precision_recall, reliability
from losslab.tasks.sources import Raw


class Binary(Kind):
    """Targets: 0 or 1, (N,) int64. Raw outputs: (N, 1); their sigmoid is the probability of 1.

    Losses are fed (N, 1): `multi_hot` is 0 and 1, `signed` is -1 and 1, for losses that compare raw outputs
    with targets, so that the decision threshold is 0 for them too.

    Metrics: area under the precision-recall curve (average precision), F1; at the end also area under the
    ROC curve, recall, precision, Cohen's kappa, expected calibration error (15 bins), Brier score (0 to 1).
    """

    primary = "auprc"
    higher_is_better = True
    output_features = 1
    target_forms: ClassVar = {
        "multi_hot": lambda self, targets: targets.unsqueeze(1).float(),
        "signed": lambda self, targets: targets.unsqueeze(1).float().mul_(2).sub_(1),
    }
    pictures: ClassVar = {
        "precision_recall": lambda self, inputs, outputs, targets: precision_recall.draw(
            outputs[:, 0], targets
        ),
        "reliability": lambda self, inputs, outputs, targets: reliability.draw(
            outputs[:, 0].float().sigmoid(), targets
        ),
        "confusion_matrix": lambda self, inputs, outputs, targets: confusion_matrix.draw(
            hard(outputs[:, 0]), targets, 2, self.class_names
        ),
    }

    def __init__(self, class_names: list[str] | None = None) -> None:
        self.class_names = class_names

    @classmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Binary:
        values = raw.targets.unique().tolist()
        if raw.targets.numel() != len(raw) or values != [0, 1]:
            raise UserError(
                f"task.kind=binary needs targets of 0 and 1, one per sample, and both must occur; the data "
                f"have shape {tuple(raw.targets.shape)} and {len(values)} different values, the least "
                f"{values[0]} (in a table, task.source.positive=VALUE names the value that is class 1)"
            )
        return cls(raw.class_names)

    def select(self, raw: Raw) -> Raw:
        raw.targets = raw.targets.flatten().long()
        return raw

    def strata(self, targets: Tensor) -> Tensor:
        return targets.flatten().long()

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """The other class."""
        refuse_options(options, "binary", "size", "sign")
        return 1 - targets

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return (len(targets), 1)

    def metrics(self, final: bool) -> MetricCollection:
        probabilities: dict[str, Metric] = {"auprc": BinaryAveragePrecision(validate_args=False)}
        labels: dict[str, Metric] = {"f1": BinaryF1Score(validate_args=False)}
        if final:
            probabilities["auroc"] = BinaryAUROC(validate_args=False)
            probabilities["expected_calibration_error"] = BinaryCalibrationError(
                n_bins=15, validate_args=False
            )
            probabilities["brier_score"] = MeanErrorOf(squared_error)
            labels["recall"] = BinaryRecall(validate_args=False)
            labels["precision"] = BinaryPrecision(validate_args=False)
            labels["cohen_kappa"] = BinaryCohenKappa(validate_args=False)
        return MetricCollection(
            {
                "labels": converted(labels, lambda outputs: hard(outputs[:, 0])),
                "probabilities": converted(probabilities, lambda outputs: wide(outputs[:, 0]).sigmoid()),
            }
        )
