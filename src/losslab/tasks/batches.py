"""A split in batches, in its own order, for evaluation. Batches for training are in `train/batches.py`."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Subset

from losslab.tasks.split import Split

Batch = tuple[Tensor, Tensor]


def evaluation_batches(
    split: Split, batch_size: int, device: torch.device, count: int | None = None
) -> Iterator[Batch]:
    """Samples of `split` in their order, as (inputs, targets) on `device`; targets are not encoded.

    Args:
        count: the number of samples, spread evenly over the split; by default all.
    """
    positions = split.spread(len(split) if count is None else count)
    if split.inputs is not None:
        for part in torch.as_tensor(positions, device=device).split(batch_size):
            inputs, targets = split.gather(part)
            yield split.prepare(inputs), targets
        return
    assert split.dataset is not None
    # Its own generator: the loader must not draw from the training stream.
    dataset = Subset(split.dataset, positions)
    loader: DataLoader[Batch] = DataLoader(dataset, batch_size=batch_size, generator=torch.Generator())
    for inputs, targets in loader:
        yield split.prepare(inputs.to(device)), targets.to(device)
