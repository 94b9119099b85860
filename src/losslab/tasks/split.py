"""One split of a task: a view of the task's data, which are in memory once, or of a Dataset."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from losslab.tasks.augmentation import Augmentation
from losslab.tasks.scaling import Scaling, as_float


@dataclasses.dataclass
class Split:
    """Samples of one split.

    Attributes:
        inputs: (M, ...), of all splits together; scaled float32, or uint8, which is scaled when it is used.
            None if `dataset` is used.
        targets: (M, ...) as the task's kind describes them; None if `dataset` is used.
        indices: (N,) the samples of this split; None for all.
        dataset: yields (input, target) of this split alone, unscaled.
        scaling: applied to batches of uint8 inputs, and to batches from `dataset`.
        augmentation: changes training batches at random before they are scaled; not used in evaluation.
    """

    inputs: Tensor | None = None
    targets: Tensor | None = None
    dataset: Dataset[Any] | None = None
    scaling: Scaling | None = None
    indices: Tensor | None = None
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        if self.indices is not None:
            return len(self.indices)
        return len(self.inputs if self.inputs is not None else self.dataset)  # type: ignore[arg-type]

    def gather(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Samples at `positions` (n,) within the split, from memory, as they are stored."""
        assert self.inputs is not None
        assert self.targets is not None
        chosen = positions if self.indices is None else self.indices[positions]
        return self.inputs[chosen], self.targets[chosen]

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """At most `count` samples, spread evenly, as (inputs, targets): scaled, on the split's device."""
        positions = self.spread(count)
        if self.inputs is not None:
            inputs, targets = self.gather(torch.as_tensor(positions, device=self.inputs.device))
        else:
            assert self.dataset is not None
            samples = [self.dataset[position] for position in positions]
            inputs = torch.stack([torch.as_tensor(sample[0]) for sample in samples])
            targets = torch.stack([torch.as_tensor(sample[1]) for sample in samples])
        return self.prepare(inputs), targets

    def spread(self, count: int) -> list[int]:
        """Positions of at most `count` samples, spread over the split, which is often sorted by class."""
        size, count = len(self), min(count, len(self))
        return [position * size // count for position in range(count)]

    def prepare(self, inputs: Tensor) -> Tensor:
        """A batch as the network receives it: bytes become [0, 1], then the task's scaling is applied."""
        if self.inputs is not None and inputs.dtype != torch.uint8:
            return inputs  # scaled when the task was loaded
        return self.scaling(inputs) if self.scaling is not None else as_float(inputs)


class Samples(Dataset[tuple[Tensor, Tensor]]):
    """Some samples of a Dataset with other targets (in the kind's form, perhaps corrupted)."""

    def __init__(self, dataset: Dataset[Any] | Tensor, targets: Tensor, indices: Tensor) -> None:
        self.dataset = dataset
        self.targets = targets
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> tuple[Tensor, Tensor]:
        index = int(self.indices[position])
        sample = self.dataset[index]
        inputs = sample if isinstance(self.dataset, Tensor) else sample[0]
        return torch.as_tensor(inputs), self.targets[index]
