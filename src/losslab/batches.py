"""Mini-batches in an order that follows from the seed and the epoch alone.

Lightning gets them in chunks: what it does for each batch (hooks, progress, checks) costs more than a step
of a small network, so it is paid once a chunk. A chunk ends where the learner has something to do besides
training: at evaluations and at the end of the epoch.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from losslab.seeds import generator, stream_seed
from losslab.tasks import Split

# Gathering some megabytes at once is quicker than sample by sample, and stays small beside the data.
CHUNK_BYTES = 16 * 2**20
CHUNK_STEPS = 200

Batch = tuple[Tensor, Tensor]


@dataclasses.dataclass
class Chunk:
    """Consecutive mini-batches.

    Attributes:
        first_step: number of optimiser steps done before it.
        steps: how many mini-batches follow.
        batches: yields them once, as (inputs, encoded targets) on the training device.
    """

    first_step: int
    steps: int
    batches: Iterator[Batch]


class TrainingBatches:
    """The train split for Lightning: iterating gives the chunks of one epoch.

    Args:
        split: on the training device; its targets as the task has them.
        encode: from the task's targets to what the loss is fed.
        seed: the run's seed; with the epoch it decides the order of the samples.
        eval_every: chunks end at multiples of so many steps.
        epoch: says which epoch is being asked for, from 0.
        num_workers: processes of the DataLoader, where the split is a Dataset.
        steps_done: where training goes on; chunks before are left out.
    """

    def __init__(
        self,
        split: Split,
        encode: Callable[[Tensor], Tensor],
        *,
        batch_size: int,
        eval_every: int,
        seed: int,
        device: torch.device,
        epoch: Callable[[], int],
        num_workers: int = 0,
        steps_done: int = 0,
    ) -> None:
        self.split = split
        self.encode = encode
        self.batch_size = batch_size
        self.eval_every = eval_every
        self.seed = seed
        self.device = device
        self.epoch = epoch
        self.num_workers = num_workers
        self.steps_done = steps_done
        self.steps_per_epoch = -(-len(split) // batch_size)
        if split.inputs is not None:
            assert split.targets is not None
            sample_bytes = split.inputs[0].numel() * split.inputs.element_size()
            sample_bytes += 4 * split.targets[0].numel()  # masks are as large as images
            fitting = CHUNK_BYTES // (sample_bytes * batch_size)
            self.chunk_steps = min(CHUNK_STEPS, max(1, fitting))
        else:
            self.chunk_steps = CHUNK_STEPS

    def __iter__(self) -> Iterator[Chunk]:
        epoch = self.epoch()
        order = torch.randperm(len(self.split), generator=generator(self.seed, "batches", epoch))
        first = epoch * self.steps_per_epoch
        done = max(0, self.steps_done - first)
        source = None
        if self.split.inputs is None:
            source = self._from_dataset(order[done * self.batch_size :], epoch)
        for start, stop in self._bounds(epoch):
            if source is None:
                batches = self._from_memory(order[start * self.batch_size : stop * self.batch_size])
            else:
                batches = itertools.islice(source, stop - start)
            yield Chunk(first + start, stop - start, batches)

    def _bounds(self, epoch: int) -> list[tuple[int, int]]:
        """(start, stop) of each chunk in steps within `epoch`."""
        first = epoch * self.steps_per_epoch
        bounds, start = [], max(0, self.steps_done - first)
        while start < self.steps_per_epoch:
            to_evaluation = self.eval_every - (first + start) % self.eval_every
            stop = min(start + min(to_evaluation, self.chunk_steps), self.steps_per_epoch)
            bounds.append((start, stop))
            start = stop
        return bounds

    def _from_memory(self, order: Tensor) -> Iterator[Batch]:
        inputs, targets = self.split.gather(order.to(self.device))
        encoded = self.encode(targets)
        # Scaled batch by batch: that much fits into the processor's cache.
        for part, target in zip(inputs.split(self.batch_size), encoded.split(self.batch_size), strict=True):
            yield self.split.prepare(part), target

    def _from_dataset(self, order: Tensor, epoch: int) -> Iterator[Batch]:
        assert self.split.dataset is not None
        loader: DataLoader[Batch] = DataLoader(
            self.split.dataset,
            batch_sampler=[part.tolist() for part in order.split(self.batch_size)],
            num_workers=self.num_workers,
            pin_memory=self.device.type == "cuda",
            # The loader draws its workers' base seed from this, not from the training stream.
            generator=torch.Generator().manual_seed(stream_seed(self.seed, "batches", epoch)),
        )
        for inputs, targets in loader:
            scaled = self.split.prepare(inputs.to(self.device, non_blocking=True))
            yield scaled, self.encode(targets.to(self.device, non_blocking=True))


def evaluation_batches(
    split: Split, batch_size: int, device: torch.device, count: int | None = None
) -> Iterator[Batch]:
    """Samples of `split` in their order, as (inputs, targets) on `device`; targets are not encoded.

    Args:
        count: only the first so many; all where not given.
    """
    count = len(split) if count is None else count
    if split.inputs is not None:
        for positions in torch.arange(count, device=device).split(batch_size):
            inputs, targets = split.gather(positions)
            yield split.prepare(inputs), targets
        return
    assert split.dataset is not None
    # A generator of its own: the loader must not draw from the training stream.
    dataset = torch.utils.data.Subset(split.dataset, range(count))
    loader: DataLoader[Batch] = DataLoader(dataset, batch_size=batch_size, generator=torch.Generator())
    for inputs, targets in loader:
        yield split.prepare(inputs.to(device)), targets.to(device)
