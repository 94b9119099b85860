"""Multi-label: any number of K labels at once; a label is predicted where its raw output is above 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryCalibrationError,
    MultilabelAUROC,
    MultilabelAveragePrecision,
    MultilabelExactMatch,
    MultilabelF1Score,
)

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind, flip_steps, refuse_options
from losslab.tasks.metrics import MeanErrorOf, converted, hard, squared_error, wide
from losslab.tasks.pictures import precision_recall, reliability
from losslab.tasks.sources import Raw


class Multilabel(Kind):
    """Targets: 0 or 1 for each label, (N, K) uint8. Raw outputs: (N, K); each one's sigmoid is a probability.

    Losses are fed (N, K): `multi_hot` is 0 and 1, `signed` is -1 and 1 (for losses that compare raw outputs
    with targets, so that the decision threshold is 0 for them too), `class_probabilities` is `multi_hot`
    divided by the number of the sample's labels.

    Metrics: micro F1 (over all labels of all samples), macro F1 (mean over labels); at the end also exact
    match (all labels of a sample correct), mean average precision and area under the ROC curve (means over
    labels), expected calibration error (15 bins) and Brier score (0 to 1), over all labels of all samples.
    """

    primary = "micro_f1"
    higher_is_better = True
    target_forms: ClassVar = {
        "multi_hot": lambda self, targets: targets.float(),
        "signed": lambda self, targets: targets.float().mul_(2).sub_(1),
        "class_probabilities": lambda self, targets: (
            targets.float() / targets.sum(dim=1, keepdim=True).clamp(min=1)
        ),
    }
    pictures: ClassVar = {
        "precision_recall": lambda self, inputs, outputs, targets: precision_recall.draw(
            outputs.flatten(), targets.flatten()
        ),
        "reliability": lambda self, inputs, outputs, targets: reliability.draw(
            outputs.float().sigmoid().flatten(), targets.flatten()
        ),
    }

    def __init__(self, num_labels: int) -> None:
        self.num_labels = self.output_features = num_labels

    @classmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Multilabel:
        if raw.targets.ndim != 2 or not bool(((raw.targets == 0) | (raw.targets == 1)).all()):
            raise UserError(
                f"task.kind=multilabel needs targets of 0 and 1 with one column per label, the data have "
                f"shape {tuple(raw.targets.shape)} and values from {raw.targets.min()} to {raw.targets.max()}"
            )
        return cls(raw.targets.shape[1])

    def select(self, raw: Raw) -> Raw:
        raw.targets = raw.targets.byte()
        return raw

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """As many labels, each so many places further as the others, see `flip_steps`."""
        refuse_options(options, "multilabel", "size", "sign")
        steps = flip_steps(self.num_labels, len(targets), options, generator)
        places = (torch.arange(self.num_labels) - steps[:, None]) % self.num_labels
        return targets.gather(1, places)

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return (len(targets), self.num_labels)

    def metrics(self, final: bool) -> MetricCollection:
        options: dict[str, Any] = {"num_labels": self.num_labels, "validate_args": False}
        labels: dict[str, Metric] = {
            "micro_f1": MultilabelF1Score(average="micro", **options),
            "macro_f1": MultilabelF1Score(average="macro", **options),
        }
        metrics: dict[str, Metric | MetricCollection] = {}
        if final:
            labels["exact_match"] = MultilabelExactMatch(**options)
            probabilities: dict[str, Metric] = {
                "mean_average_precision": MultilabelAveragePrecision(average="macro", **options),
                "auroc": MultilabelAUROC(average="macro", **options),
                "expected_calibration_error": BinaryCalibrationError(n_bins=15, validate_args=False),
                "brier_score": MeanErrorOf(squared_error),
            }
            metrics["probabilities"] = converted(
                probabilities, lambda outputs: wide(outputs).sigmoid(), Tensor.long
            )
        metrics["labels"] = converted(labels, hard, Tensor.long)
        return MetricCollection(metrics)
