"""Metrics that torchmetrics lacks, one per file; `outputs.py` prepares raw outputs for metrics."""

from losslab.tasks.metrics.boundary_f1 import BoundaryF1
from losslab.tasks.metrics.mean_of import MeanErrorOf, MeanOf
from losslab.tasks.metrics.median_absolute_error import MedianAbsoluteError
from losslab.tasks.metrics.outputs import converted, hard, squared_error, wide

__all__ = [
    "BoundaryF1",
    "MeanErrorOf",
    "MeanOf",
    "MedianAbsoluteError",
    "converted",
    "hard",
    "squared_error",
    "wide",
]
