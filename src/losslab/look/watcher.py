"""What hangs on a training: the events that a watcher is told of, and what it sees of the training.

Evaluation, checkpoints, diagnostics, pictures and the progress bar are watchers. The loop
(`train/learner.py`) knows only what is written here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslab.config.settings import TrainerSettings
from losslab.look.logbook import Logbook
from losslab.losses.criterion import Criterion
from losslab.losses.terms import WeightedSum
from losslab.tasks import Split, Task
from losslab.tasks.batches import Batch, evaluation_batches


@dataclasses.dataclass
class Training:
    """A training as its watchers see it: they may read all of it, only the loop moves it on.

    Attributes:
        settings: how it is trained.
        step: optimiser steps done.
        seconds: of training alone, without evaluation.
        device, splits: where the network is, and the task's splits there; set when training starts.
        optimizer: None before training starts.
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

    def place(self, device: torch.device) -> None:
        """The network is on `device` now."""
        self.device, self.splits = device, self.task.on(device)

    def sample(self, split: str, count: int) -> Batch:
        """At most `count` samples, spread over `split`, as (inputs, targets) on the device."""
        inputs, targets = self.splits[split].sample(count)
        return inputs.to(self.device), targets.to(self.device)

    def batches(self, split: str, count: int | None = None) -> Iterator[Batch]:
        """`split` in its order, as (inputs, targets) on the device; only `count` samples, spread over it."""
        return evaluation_batches(self.splits[split], self.settings.eval_batch_size, self.device, count)


@dataclasses.dataclass(frozen=True)
class Steps:
    """Consecutive optimiser steps that were done.

    Attributes:
        before: number of steps done before them.
        losses: (n,) of their mini-batches, finite, on the CPU.
        began: seconds of training before them.
        seconds_each: what one of them took.
    """

    before: int
    losses: Tensor
    began: float
    seconds_each: float


class Watcher:
    """Is told of a training's events; overrides those that it needs.

    It changes nothing in the training: no weight, no gradient, no random number. What it must remember when a
    run is interrupted is in `state_dict()`: tensors and plain data.
    """

    hook_error: Exception | None = None  # what ended its hooks

    def started(self, training: Training) -> None:
        """Network and optimiser are ready; before a checkpoint is put back, and before the first step."""

    def due_steps(self, training: Training, steps: range) -> Iterable[int]:
        """Those of the coming `steps`, counted from 1, inside which it wants to be called."""
        return ()

    def before_forward(self, training: Training, step: int) -> None:
        """A step that is due begins: the place to attach hooks, see `hook`."""

    def after_backward(self, training: Training, step: int) -> None:
        """Gradients of a step that is due are there, neither clipped nor applied."""

    def after_step(self, training: Training, step: int) -> None:
        """In a step that is due, the optimiser has moved the weights."""

    def after_steps(self, training: Training, steps: Steps) -> None:
        """Some steps are done; also those before a divergence. `training.step` does not count them yet."""

    def between_steps(self, training: Training) -> None:
        """Between two steps: at each multiple of `eval_every`, at ends of epochs, and sometimes else."""

    def finished(self, training: Training) -> None:
        """The last step is done."""

    def test(self, training: Training, split: str) -> None:
        """Training is over: the place for the final word on `split`."""

    def tested(self, training: Training) -> None:
        """All splits have had their final word."""

    def closed(self, training: Training) -> None:
        """No event follows, however the training ended."""

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put back what `state_dict` gave; tensors are on the training's device."""

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
