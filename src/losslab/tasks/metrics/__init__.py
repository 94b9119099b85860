"""Metrics of raw outputs: torchmetrics' own, and the few it lacks, one a file."""

from losslab.tasks.metrics.boundary_f1 import BoundaryF1
from losslab.tasks.metrics.mean_of import MeanOf
from losslab.tasks.metrics.median_absolute_error import MedianAbsoluteError
from losslab.tasks.metrics.views import Metrics, View, wide

__all__ = ["BoundaryF1", "MeanOf", "MedianAbsoluteError", "Metrics", "View", "wide"]
