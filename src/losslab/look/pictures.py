"""When pictures are drawn: now and then while training, and at the end."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch

from losslab.tasks import Split
from losslab.tasks.pictures.canvas import pixels
from losslab.train.learner import Learner

SAMPLES = 1000  # at most so many are predicted for a picture


class Pictures(pl.Callback):
    """Draws the pictures of the task's kind for TensorBoard, under "NAME/SPLIT".

    Validation samples while training, test samples when all is done. Costs no training time that is
    recorded, and uses no random numbers.

    Args:
        steps: optimiser steps of the whole run.
        times: how often while training, evenly spread; drawn at the evaluation that follows.
    """

    def __init__(self, steps: int, times: int) -> None:
        self.due = [round(steps * index / (times + 1)) for index in range(1, times + 1)]

    def state_dict(self) -> dict[str, Any]:
        return {"due": self.due}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.due = list(state_dict["due"])

    def on_train_batch_end(
        self, trainer: pl.Trainer, learner: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(learner, Learner)
        if self.due and learner.step >= self.due[0] and learner.step % learner.settings.eval_every == 0:
            self.due = [step for step in self.due if step > learner.step]
            self._show(learner, "validation")

    def on_test_end(self, trainer: pl.Trainer, learner: pl.LightningModule) -> None:
        assert isinstance(learner, Learner)
        self._show(learner, "test")

    @torch.no_grad()
    def _show(self, learner: Learner, split_name: str) -> None:
        split: Split = learner.task.on(learner.device)[split_name]
        training = learner.network.training
        learner.network.eval()
        inputs, targets = split.sample(min(SAMPLES, learner.settings.eval_batch_size))
        outputs = learner.network(inputs).float()
        learner.network.train(training)
        inputs, outputs, targets = inputs.cpu(), outputs.cpu(), targets.cpu()
        for name, draw in learner.task.kind.pictures.items():
            image = pixels(draw(learner.task.kind, inputs, outputs, targets))
            learner.logbook.writer.add_image(f"{name}/{split_name}", image, learner.step, dataformats="HWC")
