"""Random changes of training inputs, such as torchvision's transforms, from a random stream of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from losslab.errors import UserError

Transform = Callable[[Tensor], Tensor]


@dataclasses.dataclass
class Augmentation:
    """Applies transforms to each input of a batch on its own.

    https://pytorch.org/vision/stable/transforms.html
    Transforms draw from torch's global stream, which is set before and restored after, so that arms get the
    same inputs whatever else they draw.
    """

    transforms: Sequence[Transform]

    def __post_init__(self) -> None:
        for transform in self.transforms:
            if not callable(transform):
                raise UserError(
                    f"task.source.augmentation: {transform!r} is no transform: give a list such as "
                    "[{_target_: torchvision.transforms.v2.RandomHorizontalFlip}]"
                )

    def __call__(self, inputs: Tensor, seed: int) -> Tensor:
        """Inputs (N, ...), unscaled, in a new tensor of the same shape and dtype."""
        with torch.random.fork_rng([inputs.device] if inputs.is_cuda else []):
            torch.manual_seed(seed)
            changed = [self._changed(single) for single in inputs]
        return torch.stack(changed)

    def _changed(self, single: Tensor) -> Tensor:
        result = single
        for transform in self.transforms:
            result = transform(result)
        if result.shape != single.shape or result.dtype != single.dtype:
            raise UserError(
                f"task.source.augmentation turns an input of shape {tuple(single.shape)} and {single.dtype} "
                f"into {tuple(result.shape)} and {result.dtype}: it must keep both"
            )
        return result
