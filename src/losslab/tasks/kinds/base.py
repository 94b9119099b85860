"""What every kind of target defines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.sources import Raw

# (kind, inputs, raw outputs, targets), all on the CPU, to a PIL image or a matplotlib Figure.
Picture = Callable[[Any, Tensor, Tensor, Tensor], Any]


class Kind(ABC):
    """A kind of target: its shapes, its metrics, and the forms in which losses may ask for it.

    Attributes:
        primary: name of the metric that arms are compared by.
        higher_is_better: direction of the primary metric.
        output_features: how many outputs (channels) the network must have.
        target_forms: form -> function from the task's targets to what the loss is fed. A form is a name
        that losses use in their `targets:`, see `criterion.py`.
        pictures: name -> function that draws it for TensorBoard, see `losslab/tasks/pictures`.
    """

    primary: ClassVar[str]
    higher_is_better: ClassVar[bool]
    target_forms: ClassVar[Mapping[str, Callable[[Any, Tensor], Tensor]]]
    pictures: ClassVar[Mapping[str, Picture]] = {}
    output_features: int

    @classmethod
    @abstractmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Kind:
        """From the task's settings and its data. Raises UserError if the two do not fit.

        Args:
            config: `config.options` holds the keys that only the user's own kind needs.
        """

    def select(self, raw: Raw) -> Raw:
        """The samples that the task uses, e.g. only some classes, with targets as the kind stores them."""
        return raw

    def strata(self, targets: Tensor) -> Tensor | None:
        """Labels (N,) by which splits are stratified; None if that does not apply."""
        return None

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Wrong targets in place of `targets`. Raises UserError if the kind does not support it.

        Args:
            options: the task's `corruption` without `share`.
        """
        raise UserError(f"task.corruption: {type(self).__name__.lower()} targets cannot be corrupted")

    def fitted(self, targets: Tensor) -> Kind:
        """The kind, fitted to the training targets (N, ...), e.g. to their scale."""
        return self

    def encode(self, targets: Tensor, form: str) -> Tensor:
        """The task's targets in the form that a loss takes."""
        return self.target_forms[form](self, targets)

    @abstractmethod
    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Shape that the network's raw outputs must have for a batch with these targets."""

    @abstractmethod
    def metrics(self, final: bool) -> MetricCollection:
        """Metrics of raw outputs and targets: only the cheap ones during training, all at the end.

        Metrics that need something else, such as labels, form a separate part, see `metrics.converted`.
        """

    def metric_names(self) -> list[str]:
        """The names of all final metrics."""
        parts = self.metrics(final=True).items()
        inner = {name: getattr(part, "wrapped_metric", None) for name, part in parts}
        return [
            str(metric)
            for name, wrapped in inner.items()
            for metric in (wrapped if isinstance(wrapped, MetricCollection) else [name])
        ]


def refuse_outlier_options(options: Mapping[str, Any], kind: str) -> None:
    """Raises UserError if corrupted classes are given a size or a sign."""
    for key in ("size", "sign"):
        if options.get(key) is not None:
            raise UserError(
                f"task.corruption.{key}={options[key]} does not apply to task.kind={kind}: set it to null"
            )
