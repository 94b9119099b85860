"""For PyTorch Lightning: a callback that takes down curves, gradient norms and fingerprints of a training.

https://lightning.ai/docs/pytorch/stable/extensions/callbacks.html
"""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
import torch

from losslab.own_training.run import Run


class Watch(pl.Callback):
    """`Trainer(callbacks=[Watch(run)])`; it changes nothing in the training.

    Curves: the training loss, at the first step and then its mean over each epoch; the loss of every
    `every`-th batch; and what the module logs under names such as "val_accuracy", at the end of each
    validation. Also the gradient's norm at every `every`-th step, and fingerprints of the initial weights and
    the first batches.

    Args:
        run: of `losslab.compare`.
        every: optimiser steps between two measurements.
    """

    def __init__(self, run: Run, every: int = 10) -> None:
        self.run, self.every = run, every
        self._losses: list[torch.Tensor] = []

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        self.run.fingerprint(pl_module, batch)

    def on_before_optimizer_step(self, trainer: Any, pl_module: Any, optimizer: Any) -> None:
        if trainer.global_step % self.every == 0:
            gradients = [each.grad for each in pl_module.parameters() if each.grad is not None]
            if gradients:
                norm = float(torch.nn.utils.get_total_norm(gradients))
                self.run.measure(trainer.global_step + 1, "gradient_norm", {"all": norm})

    def on_train_batch_end(
        self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if not isinstance(loss, torch.Tensor):
            return  # manual optimisation may return nothing
        self._losses.append(loss.detach())
        step = trainer.global_step
        if step == 1 and self.run.steps <= 1:
            self.run.log(step, loss=loss)
        if step % self.every == 0 or not math.isfinite(float(loss)):
            self.run.log(step, batch_loss=loss)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if self._losses:
            self.run.log(trainer.global_step, loss=torch.stack(self._losses).float().mean())
        self._losses = []

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        if not trainer.sanity_checking:
            found = {key: value for key, value in trainer.callback_metrics.items() if key.startswith("val")}
            self.run.log(trainer.global_step, **found)
