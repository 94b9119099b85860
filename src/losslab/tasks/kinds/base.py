"""What every kind of target must say about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from torch import Tensor
from torchmetrics import MetricCollection

from losslab.tasks.sources import Raw


class Kind(ABC):
    """A kind of target: its shapes, its metrics, and the forms in which losses may ask for it.

    Attributes:
        primary: name of the metric that arms are compared by.
        higher_is_better: direction of the primary metric.
        output_features: how many outputs (channels) the network must have.
        target_forms: form -> function from the task's targets to what the loss is fed. A form is a word
            that losses use in their `targets:`; see `criterion.py`.
    """

    primary: ClassVar[str]
    higher_is_better: ClassVar[bool]
    target_forms: ClassVar[Mapping[str, Callable[[Any, Tensor], Tensor]]]
    output_features: int

    @classmethod
    @abstractmethod
    def from_config(cls, config: Mapping[str, Any], raw: Raw) -> Kind:
        """From the task's config and its data. Raises UserError where the two do not fit."""

    def select(self, raw: Raw) -> Raw:
        """The samples that the task uses, e.g. only some classes."""
        return raw

    def strata(self, targets: Tensor) -> Tensor | None:
        """Labels (N,) by which splits are stratified; None where that means nothing."""
        return None

    def encode(self, targets: Tensor, form: str) -> Tensor:
        """The task's targets as a loss wants them."""
        return self.target_forms[form](self, targets)

    @abstractmethod
    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Shape that the network's raw outputs must have for a batch with these targets."""

    @abstractmethod
    def metrics(self, final: bool) -> MetricCollection:
        """Metrics of raw outputs against targets; while training only the cheap ones, all at the end."""
