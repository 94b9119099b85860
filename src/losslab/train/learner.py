"""The LightningModule: forward, loss, backward, clip, step; it ends the training if numbers are not finite.

It knows nothing about files, metrics, curves or checkpoints, which are watchers (`look/watcher.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from losslab.look.watcher import Steps, Training, Watcher
from losslab.train import hardware
from losslab.train.batches import Chunk
from losslab.train.optimizer import MakeOptimizer
from losslab.train.schedule import MakeScheduler


class Diverged(Exception):
    """A loss or a weight became NaN or infinite at optimiser step `step` (from 1)."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss or the weights were no longer finite at step {step}")
        self.step = step


class Learner(pl.LightningModule):
    """Trains the network with the criterion; manual optimisation over chunks of mini-batches.

    Args:
        view: what is trained, and the steps done; updated here, and read by the watchers.
        optimizer: makes the optimiser from the parameters.
        scheduler: makes the scheduler of its learning rate, if it has one.
        watchers: are told of each event in this order.
    """

    def __init__(
        self,
        view: Training,
        optimizer: MakeOptimizer,
        scheduler: MakeScheduler,
        watchers: Sequence[Watcher],
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network = view.network
        self.criterion = view.criterion
        self.view = view
        self.watchers = watchers
        self._make_optimizer = optimizer
        self._make_scheduler = scheduler
        hardware.prepare(view.network, view.settings)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self._make_optimizer([*self.network.parameters(), *self.criterion.parameters()])

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch  # chunks are on the device already

    def on_train_start(self) -> None:
        self.view.place(self.device)
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        self.view.optimizer, self.view.scheduler = optimizer, self._make_scheduler(optimizer)
        for watcher in self.watchers:
            watcher.started(self.view)

    def training_step(self, chunk: Chunk, batch_index: int) -> None:
        started = time.perf_counter()
        optimizer: Any = self.view.optimizer
        scheduler = self.view.scheduler
        clip = self.view.settings.gradient_clip
        # With reduced precision Lightning scales the loss; otherwise plain backward saves a few calls.
        # With several processes it averages the gradients over them.
        lean = self.view.settings.precision == "32-true" and chunk.weights is None
        backward = Tensor.backward if lean else self.manual_backward
        due = self._due(chunk)
        losses: list[Tensor] = []
        for step, (inputs, targets) in enumerate(chunk.batches, start=chunk.first_step + 1):
            watchers = due.get(step, ())
            for watcher in watchers:
                watcher.before_forward(self.view, step)
            loss = self.criterion(self.network(inputs), targets)
            if chunk.weights is not None:
                loss = loss * chunk.weights[step - chunk.first_step - 1]
            optimizer.zero_grad()
            backward(loss)
            for watcher in watchers:
                watcher.after_backward(self.view, step)
            if clip.value:
                nn.utils.clip_grad_value_(self.network.parameters(), clip.value)
            if clip.norm:
                nn.utils.clip_grad_norm_(self.network.parameters(), clip.norm)
            optimizer.step()
            for watcher in watchers:
                watcher.after_step(self.view, step)
            if scheduler is not None:
                scheduler.step()
            losses.append(loss.detach())
        stacked = torch.stack(losses)
        if chunk.weights is not None:
            stacked = self.trainer.strategy.reduce(stacked, reduce_op="mean")
        self._finish(chunk, stacked, started)

    def _due(self, chunk: Chunk) -> dict[int, list[Watcher]]:
        """The watchers to call inside each of the chunk's steps."""
        steps = range(chunk.first_step + 1, chunk.first_step + chunk.steps + 1)
        due: dict[int, list[Watcher]] = {}
        for watcher in self.watchers:
            for step in watcher.due_steps(self.view, steps):
                due.setdefault(step, []).append(watcher)
        return due

    def _finish(self, chunk: Chunk, losses: Tensor, started: float) -> None:
        """Counts the chunk's steps; one transfer from the device for all of their losses."""
        values = losses.float().cpu()
        weights_finite = all(bool(parameter.isfinite().all()) for parameter in self.network.parameters())
        elapsed = time.perf_counter() - started
        finite = values.isfinite()
        done = chunk.steps if bool(finite.all()) else int((~finite).nonzero()[0, 0])
        steps = Steps(chunk.first_step, values[:done], self.view.seconds, elapsed / chunk.steps)
        for watcher in self.watchers:
            watcher.after_steps(self.view, steps)
        self.view.step = chunk.first_step + done
        self.view.seconds += elapsed
        if done < chunk.steps:
            raise Diverged(self.view.step + 1)
        if not weights_finite:
            raise Diverged(self.view.step)

    def on_train_batch_end(self, outputs: Any, batch: Chunk, batch_idx: int) -> None:
        for watcher in self.watchers:
            watcher.between_steps(self.view)

    def on_train_end(self) -> None:
        for watcher in self.watchers:
            watcher.finished(self.view)

    def on_test_start(self) -> None:
        self.view.place(self.device)

    def test_step(self, split: str, batch_index: int) -> None:
        """Lightning's test loop gives it the names of the splits, one after the other."""
        for watcher in self.watchers:
            watcher.test(self.view, split)

    def on_test_end(self) -> None:
        for watcher in self.watchers:
            watcher.tested(self.view)
