"""Small made-up batches of every form of target."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from losslab.tasks.heads import Head, Value

SAMPLES, CLASSES, HEIGHT, WIDTH = 6, 4, 8, 7  # all different, so that shapes cannot fit by accident


@dataclasses.dataclass(frozen=True)
class ExampleKind:
    """A kind of target without data; offers what `criterion.build_criterion` needs of a kind.

    Attributes:
        forms: of targets that it offers, the usual one first.
        shape: of one sample's raw outputs.
        head: what they stand for in regression.
    """

    name: str
    forms: tuple[str, ...]
    shape: tuple[int, ...]
    head: Head = dataclasses.field(default_factory=Value)

    def with_head(self, head: Head) -> ExampleKind:
        """Regression with the outputs of this head, for targets from -4 to 4."""
        fitted = head.fitted(torch.full((1,), -4.0), torch.full((1,), 4.0))
        return dataclasses.replace(
            self, forms=("values", *head.target_forms), shape=(head.outputs,), head=fitted
        )

    @property
    def target_forms(self) -> Mapping[str, Callable[..., Tensor]]:
        return {form: _encode(form) for form in self.forms}

    def encode(self, targets: Tensor, form: str) -> Tensor:
        return _encode(form)(self, targets)

    def targets(self, count: int = SAMPLES, seed: int = 0) -> Tensor:
        """Targets of `count` samples as a task has them: both 0 and 1, every class, or numbers."""
        generator = torch.Generator().manual_seed(seed)
        if self.name == "multiclass":
            return torch.arange(count) % self.shape[0]
        if self.name == "regression":
            return torch.randn(count, 1, generator=generator)
        if self.name == "segmentation":
            return _rectangles(count, *self.shape[1:])
        return ((torch.arange(count)[:, None] + torch.arange(self.shape[0])) % 2).float()

    def outputs(self, count: int = SAMPLES, scale: float = 1.0, seed: int = 1) -> Tensor:
        """Random raw outputs, (count, *shape) float32."""
        generator = torch.Generator().manual_seed(seed)
        return scale * torch.randn(count, *self.shape, generator=generator)

    def signs(self, targets: Tensor) -> Tensor:
        """+1 where a raw output should be large, -1 where small; shaped like the outputs."""
        if self.name == "multiclass":
            return 2 * torch.nn.functional.one_hot(targets, self.shape[0]).float() - 1
        return 2 * targets - 1


KINDS = {
    "multiclass": ExampleKind("multiclass", ("class_index", "one_hot"), (CLASSES,)),
    "binary": ExampleKind("binary", ("multi_hot", "signed"), (1,)),
    "multilabel": ExampleKind("multilabel", ("multi_hot", "signed"), (CLASSES,)),
    "regression": ExampleKind("regression", ("values",), (1,)),
    "segmentation": ExampleKind("segmentation", ("mask", "signed"), (1, HEIGHT, WIDTH)),
}


def _encode(form: str) -> Callable[[Any, Tensor], Tensor]:
    if form == "one_hot":
        return lambda kind, targets: torch.nn.functional.one_hot(targets, kind.shape[0]).float()
    if form == "signed":
        return lambda kind, targets: 2 * targets - 1
    if form == "bins":
        return lambda kind, targets: kind.head.bins(targets)
    return lambda kind, targets: targets


def _rectangles(count: int, height: int, width: int) -> Tensor:
    """(count, 1, height, width) masks with one rectangle each, of growing size."""
    masks = torch.zeros(count, 1, height, width)
    for index in range(count):
        size = 1 + index % (height - 2)
        masks[index, :, 1 : 1 + size, : max(1, min(size, width - 1))] = 1
    return masks
