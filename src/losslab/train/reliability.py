"""Test predictions in bins of confidence, as a run's record keeps them: what a reliability diagram shows.

They are read from the state of the metric `expected_calibration_error`, so that picture and number belong
together and nothing is evaluated twice. `report/comparison/reliability_figure.py` draws them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics.classification import BinaryCalibrationError, MulticlassCalibrationError
from torchmetrics.utilities import dim_zero_cat

from losslab.records import Reliability


def reliability(metrics: nn.Module) -> Reliability | None:
    """The bins of the calibration error among `metrics`, which have seen all data; None if there is none."""
    for metric in metrics.modules():
        if isinstance(metric, BinaryCalibrationError | MulticlassCalibrationError):
            return in_bins(dim_zero_cat(metric.confidences), dim_zero_cat(metric.accuracies), metric.n_bins)
    return None


def in_bins(confidences: Tensor, accuracies: Tensor, bins: int) -> Reliability:
    """Confidences (N,) from 0 to 1, and for each whether it was right (N,), in equally wide bins.

    A confidence on an edge lies in the upper bin, as in torchmetrics; 1 lies in the last one.
    """
    confidences = confidences.cpu()
    edges = torch.linspace(0, 1, bins + 1, dtype=confidences.dtype)
    places = (torch.bucketize(confidences, edges, right=True) - 1).clamp(max=bins - 1)
    counts = torch.bincount(places, minlength=bins)

    def means(values: Tensor) -> list[float | None]:
        sums = torch.bincount(places, weights=values.double().cpu(), minlength=bins)
        return [total / n if n else None for total, n in zip(sums.tolist(), counts.tolist(), strict=True)]

    return {"counts": counts.tolist(), "confidence": means(confidences), "accuracy": means(accuracies)}
