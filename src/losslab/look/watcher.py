"""Watchers of a training: the events that they are told about, and what they can read.

Evaluation, checkpoints, diagnostics, pictures and the progress bar are watchers. The loop
(`train/learner.py`) knows only this interface.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from losslab.config.settings import TrainerSettings
from losslab.look.evaluations import Evaluations, of_task
from losslab.look.logbook import Logbook
from losslab.losses.criterion import Criterion
from losslab.losses.terms import WeightedSum
from losslab.tasks import Split, Task
from losslab.tasks.batches import Batch, evaluation_batches


@dataclasses.dataclass
class Training:
    """A training as its watchers see it: they may read everything; only the loop changes it.

    Attributes:
        settings: how it is trained.
        step: optimiser steps done.
        seconds: of training alone, without evaluation.
        device, splits: where the network is, and the task's splits there; set when training starts.
        optimizer: None before training starts.
        scheduler: of the learning rate; None if that is constant.
        averaged: collects an average of the weights; None if the run has none.
        temperature: by which outputs are divided in the final test; 1 unless it was fitted.
    """

    task: Task
    network: nn.Module
    criterion: Criterion | WeightedSum
    settings: TrainerSettings
    logbook: Logbook
    step: int = 0
    seconds: float = 0.0
    device: torch.device = dataclasses.field(default_factory=lambda: torch.device("cpu"))
    splits: Mapping[str, Split] = dataclasses.field(default_factory=dict)
    optimizer: torch.optim.Optimizer | None = None
    scheduler: LRScheduler | None = None
    averaged: AveragedModel | None = None
    temperature: float = 1.0

    @property
    def evaluated(self) -> nn.Module:
        """The network whose predictions count: the averaged one, once it has collected any weights."""
        if self.averaged is None or not self.averaged.n_averaged:
            return self.network
        return self.averaged.module

    @functools.cached_property
    def evaluations(self) -> Evaluations:
        """When curves get their points."""
        return of_task(self.settings, self.task)

    def place(self, device: torch.device) -> None:
        """Sets the device that the network is on."""
        self.device, self.splits = device, self.task.on(device)

    def sample(self, split: str, count: int) -> Batch:
        """At most `count` samples, spread over `split`, as (inputs, targets) on the device."""
        inputs, targets = self.splits[split].sample(count)
        return inputs.to(self.device), targets.to(self.device)

    def batches(self, split: str, count: int | None = None) -> Iterator[Batch]:
        """`split` in its order, as (inputs, targets) on the device; at most `count` samples, spread out."""
        return evaluation_batches(self.splits[split], self.settings.eval_batch_size, self.device, count)


@dataclasses.dataclass(frozen=True)
class Steps:
    """Consecutive optimiser steps that have been done.

    Attributes:
        before: number of steps done before them.
        losses: (n,) of their mini-batches, finite, on the CPU.
        began: seconds of training before them.
        seconds_each: seconds per step.
    """

    before: int
    losses: Tensor
    began: float
    seconds_each: float


class Watcher:
    """Is told about a training's events; subclasses override those that they need.

    It changes nothing in the training: no weight, no gradient, no random number. What must survive an
    interruption of the run is in `state_dict()`: tensors and plain data.
    """

    hook_error: Exception | None = None  # the exception that ended its hooks

    def started(self, training: Training) -> None:
        """Network and optimiser are ready; no checkpoint is restored and no step done yet."""

    def due_steps(self, training: Training, steps: range) -> Iterable[int]:
        """Those of the coming `steps`, counted from 1, inside which it must be called."""
        return ()

    def before_forward(self, training: Training, step: int) -> None:
        """A due step begins: attach hooks here, see `hook`."""

    def after_backward(self, training: Training, step: int) -> None:
        """The gradients of a due step are computed, but neither clipped nor applied."""

    def after_step(self, training: Training, step: int) -> None:
        """The optimiser has moved the weights in a due step."""

    def after_steps(self, training: Training, steps: Steps) -> None:
        """Some steps are done, also those before a divergence. `training.step` does not include them yet."""

    def between_steps(self, training: Training) -> None:
        """Between two steps: after each step of `evaluations`, at ends of epochs, and sometimes at others."""

    def finished(self, training: Training) -> None:
        """The last step is done."""

    def test(self, training: Training, split: str) -> None:
        """Training is over: evaluate `split` for the last time here."""

    def tested(self, training: Training) -> None:
        """All splits have had their final evaluation."""

    def closed(self, training: Training) -> None:
        """The last event, however the training ended."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned; tensors are on the training's device."""

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, to be registered as a hook of a module or tensor.

        An exception in it does not end the forward or backward pass, but all hooks of this watcher.
        """

        def call(*arguments: Any, **options: Any) -> Any:
            if self.hook_error is None:
                try:
                    return function(*arguments, **options)
                except Exception as error:
                    self.hook_error = error
            return None

        return call
