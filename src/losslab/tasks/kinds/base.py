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
from losslab.tasks.heads import Head
from losslab.tasks.sources import Raw

SIGNS = ("positive", "negative", "random")

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

    def with_head(self, head: Head) -> Kind:
        """The kind with the outputs of this head. Raises UserError if it has outputs of its own."""
        raise UserError(
            f"loss.head={type(head).__name__} needs task.kind=regression, the task's is "
            f"{type(self).__name__.lower()}"
        )

    def encode(self, targets: Tensor, form: str) -> Tensor:
        """The task's targets in the form that a loss takes."""
        return self.target_forms[form](self, targets)

    @abstractmethod
    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        """Shape that the network's raw outputs must have for a batch with these targets."""

    @abstractmethod
    def metrics(self, final: bool) -> MetricCollection:
        """Metrics of raw outputs and targets: only the cheap ones during training, all at the end.

        Metrics that need something else, such as labels, form a separate part, see `metrics.converted`. Each
        metric has torchmetrics' attribute `higher_is_better`.
        """

    def metric_names(self) -> list[str]:
        """The names of all final metrics."""
        return list(self.directions())

    def directions(self) -> dict[str, bool | None]:
        """Name of each final metric -> whether higher is better; None if neither is."""
        found: dict[str, bool | None] = {}
        for name, part in self.metrics(final=True).items():
            inner = getattr(part, "wrapped_metric", part)
            metrics = inner.items() if isinstance(inner, MetricCollection) else [(name, inner)]
            found |= {str(metric): one.higher_is_better for metric, one in metrics}
        return found


def refuse_options(options: Mapping[str, Any], kind: str, *keys: str) -> None:
    """Raises UserError if these options of corruption, which do not apply to the kind, are given."""
    for key in keys:
        if options.get(key) is not None:
            raise UserError(
                f"task.corruption.{key}={options[key]} does not apply to task.kind={kind}: set it to null"
            )


def flip_steps(classes: int, count: int, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
    """How many places further the wrong class of each of `count` samples lies, (count,), from 1 to K - 1.

    Symmetric: every other class is equally likely. Pair: always the next one (Han et al. 2018,
    arXiv:1804.06872), so that the errors of a class are alike.
    """
    if options.get("flip") == "pair":
        return torch.ones(count, dtype=torch.long)
    return torch.randint(1, classes, (count,), generator=generator)


def error_signs(options: Mapping[str, Any], count: int, generator: torch.Generator) -> Tensor:
    """(count,) of -1 and 1 for `options["sign"]`. Raises UserError if it is not one of SIGNS."""
    if (sign := options.get("sign")) not in SIGNS:
        raise UserError(f"task.corruption.sign={sign} is wrong: choose one of {', '.join(SIGNS)}")
    drawn = torch.randint(0, 2, (count,), generator=generator) * 2 - 1
    return drawn if sign == "random" else torch.full_like(drawn, 1 if sign == "positive" else -1)
