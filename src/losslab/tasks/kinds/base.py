"""What every kind of target must say about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.metrics import Metrics
from losslab.tasks.sources import Raw

# (kind, inputs, raw outputs, targets), all on the CPU, to a matplotlib Figure.
Picture = Callable[[Any, Tensor, Tensor, Tensor], Any]


class Kind(ABC):
    """A kind of target: its shapes, its metrics, and the forms in which losses may ask for it.

    Attributes:
        primary: name of the metric that arms are compared by.
        higher_is_better: direction of the primary metric.
        output_features: how many outputs (channels) the network must have.
        target_forms: form -> function from the task's targets to what the loss is fed. A form is a word
            that losses use in their `targets:`; see `criterion.py`.
        pictures: name -> function that draws it for TensorBoard, see `losslab/pictures`.
    """

    primary: ClassVar[str]
    higher_is_better: ClassVar[bool]
    target_forms: ClassVar[Mapping[str, Callable[[Any, Tensor], Tensor]]]
    pictures: ClassVar[Mapping[str, Picture]] = {}
    output_features: int

    @classmethod
    @abstractmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Kind:
        """From the task's settings and its data. Raises UserError where the two do not fit.

        Args:
            config: a kind of one's own finds what only it asks for in `config.options`.
        """

    def select(self, raw: Raw) -> Raw:
        """The samples that the task uses, e.g. only some classes, with targets as the kind stores them."""
        return raw

    def strata(self, targets: Tensor) -> Tensor | None:
        """Labels (N,) by which splits are stratified; None where that means nothing."""
        return None

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Wrong targets in the place of `targets`. Raises UserError where the kind knows no such thing.

        Args:
            options: the task's `corruption` without `share`.
        """
        raise UserError(f"task.corruption: {type(self).__name__.lower()} targets cannot be corrupted")

    def fitted(self, targets: Tensor) -> Kind:
        """The kind with what it learns from the training targets (N, ...), e.g. their scale."""
        return self

    def encode(self, targets: Tensor, form: str) -> Tensor:
        """The task's targets as a loss wants them."""
        return self.target_forms[form](self, targets)

    @abstractmethod
    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Shape that the network's raw outputs must have for a batch with these targets."""

    @abstractmethod
    def metrics(self, final: bool) -> Metrics:
        """Metrics of raw outputs against targets; while training only the cheap ones, all at the end."""


def refuse_outlier_options(options: Mapping[str, Any], kind: str) -> None:
    """Corrupted classes have neither size nor sign."""
    for key in ("size", "sign"):
        if options.get(key) is not None:
            raise UserError(
                f"task.corruption.{key}={options[key]} means nothing for task.kind={kind}: set it to null"
            )
