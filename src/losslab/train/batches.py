"""Mini-batches in an order that follows from the seed and the epoch alone.

Lightning gets them in chunks: its work for each batch (hooks, progress, checks) costs more than a step of a
small network, so it is done once per chunk. A chunk ends where the learner has something to do besides
training: at evaluations and at the end of the epoch.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from losslab.look.evaluations import Evaluations
from losslab.seeds import generator, stream_seed
from losslab.tasks import Split
from losslab.tasks.batches import Batch

# Gathering a few megabytes at once is faster than sample by sample, and small compared with the data.
CHUNK_BYTES = 16 * 2**20
CHUNK_STEPS = 200


@dataclasses.dataclass
class Chunk:
    """Consecutive mini-batches.

    Attributes:
        first_step: number of optimiser steps before it.
        steps: number of mini-batches.
        batches: yields them once, as (inputs, encoded targets) on the training device.
        weights: with several processes, the weight of this process's part of each mini-batch: its share of
            the samples times the number of processes, so that the mean over processes equals that over
            samples.
    """

    first_step: int
    steps: int
    batches: Iterator[Batch]
    weights: list[float] | None = None


class TrainingBatches:
    """The train split for Lightning: iterating gives the chunks of one epoch.

    Args:
        split: on the training device; its targets as the task has them.
        encode: converts the task's targets to the loss's.
        seed: the run's seed; with the epoch it decides the order of the samples.
        evaluations: chunks end where the training is evaluated.
        epoch: returns the number of the current epoch, from 0.
        num_workers: processes of the DataLoader, if the split is a Dataset.
        steps_done: steps before this one are skipped: training continues here.
        process: returns this process's number and the number of processes; each takes its part of every
            mini-batch.
    """

    def __init__(
        self,
        split: Split,
        encode: Callable[[Tensor], Tensor],
        *,
        batch_size: int,
        evaluations: Evaluations,
        seed: int,
        device: torch.device,
        epoch: Callable[[], int],
        num_workers: int = 0,
        steps_done: int = 0,
        process: Callable[[], tuple[int, int]] = lambda: (0, 1),
    ) -> None:
        self.split = split
        self.encode = encode
        self.batch_size = batch_size
        self.evaluations = evaluations
        self.seed = seed
        self.device = device
        self.epoch = epoch
        self.num_workers = num_workers
        self.steps_done = steps_done
        self.process = process
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
        parts, weights = list(order.split(self.batch_size)), None
        number, processes = self.process()
        if processes > 1:
            whole = [len(part) for part in parts]
            parts = [_share(part, number, processes) for part in parts]
            weights = [_weight(size, number, processes) for size in whole]
        source = (
            None if self.split.inputs is not None else self._from_dataset(parts[done:], epoch, first + done)
        )
        for start, stop in self._bounds(epoch):
            if source is None:
                batches = self._from_memory(parts[start:stop], first + start)
            else:
                batches = itertools.islice(source, stop - start)
            counts = None if weights is None else weights[start:stop]
            yield Chunk(first + start, stop - start, batches, counts)

    def _bounds(self, epoch: int) -> list[tuple[int, int]]:
        """(start, stop) of each chunk in steps within `epoch`."""
        first = epoch * self.steps_per_epoch
        bounds, start = [], max(0, self.steps_done - first)
        while start < self.steps_per_epoch:
            to_evaluation = self.evaluations.next_after(first + start) - (first + start)
            stop = min(start + min(to_evaluation, self.chunk_steps), self.steps_per_epoch)
            bounds.append((start, stop))
            start = stop
        return bounds

    def _from_memory(self, parts: list[Tensor], first_step: int) -> Iterator[Batch]:
        inputs, targets = self.split.gather(torch.cat(parts).to(self.device))
        encoded = self.encode(targets)
        sizes = [len(part) for part in parts]
        # Scaled batch by batch: a batch fits into the processor's cache.
        batches = zip(inputs.split(sizes), encoded.split(sizes), strict=True)
        for step, (part, target) in enumerate(batches, first_step):
            yield self.split.prepare(self._augmented(part, step)), target

    def _augmented(self, inputs: Tensor, step: int) -> Tensor:
        """A batch's inputs, changed at random: by the seed and the step, the same for every arm."""
        if self.split.augmentation is None:
            return inputs
        number, _ = self.process()
        return self.split.augmentation(inputs, stream_seed(self.seed, "augmentation", step, number))

    def _from_dataset(self, parts: list[Tensor], epoch: int, first_step: int) -> Iterator[Batch]:
        assert self.split.dataset is not None
        loader: DataLoader[Batch] = DataLoader(
            self.split.dataset,
            batch_sampler=[part.tolist() for part in parts],
            num_workers=self.num_workers,
            pin_memory=self.device.type == "cuda",
            # The loader draws its workers' base seed from this, not from the training stream.
            generator=torch.Generator().manual_seed(stream_seed(self.seed, "batches", epoch)),
        )
        for step, (inputs, targets) in enumerate(loader, first_step):
            changed = self._augmented(inputs.to(self.device, non_blocking=True), step)
            scaled = self.split.prepare(changed)
            yield scaled, self.encode(targets.to(self.device, non_blocking=True))


def _share(part: Tensor, number: int, processes: int) -> Tensor:
    """This process's samples of a mini-batch; with too few samples, one sample of weight 0."""
    own = part.tensor_split(processes)[number]
    return own if len(own) else part[:1]


def _weight(size: int, number: int, processes: int) -> float:
    own = size // processes + (number < size % processes)  # as tensor_split divides
    return own * processes / size
