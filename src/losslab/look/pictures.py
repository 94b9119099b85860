"""When pictures are drawn: at intervals during training, and at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from losslab.look.watcher import Training, Watcher
from losslab.records import BEFORE_SCALING

SAMPLES = 1000  # predictions for a picture use at most this many samples


class Pictures(Watcher):
    """Draws the pictures of the task's kind for TensorBoard, under "NAME/SPLIT".

    Validation samples during training, test samples at the end. Does not count as training time, and uses
    no random numbers.

    Args:
        steps: optimiser steps of the whole run.
        times: number of drawings during training, evenly spread; drawn at the next evaluation.
    """

    def __init__(self, steps: int, times: int) -> None:
        self.due = [round(steps * index / (times + 1)) for index in range(1, times + 1)]
        self._may_read_test = False

    def state_dict(self) -> dict[str, Any]:
        return {"due": self.due}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.due = list(state["due"])

    def between_steps(self, training: Training) -> None:
        if self.due and training.step >= self.due[0] and training.evaluations.due(training.step):
            self.due = [step for step in self.due if step > training.step]
            _show(training, "validation")

    def test(self, training: Training, split: str) -> None:
        self._may_read_test |= split == "test"

    def tested(self, training: Training) -> None:
        if self._may_read_test:
            _show(training, "test", training.temperature)
            if training.temperature != 1:
                _show(training, "test", name=BEFORE_SCALING)


@torch.no_grad()
def _show(training: Training, split: str, temperature: float = 1.0, name: str = "") -> None:
    """`name`: in the pictures' tags, instead of the split's."""
    network, mode = training.evaluated, training.evaluated.training
    network.eval()
    inputs, targets = training.sample(split, min(SAMPLES, training.settings.eval_batch_size))
    outputs = network(inputs).float() / temperature
    network.train(mode)
    inputs, outputs, targets = inputs.cpu(), outputs.cpu(), targets.cpu()
    kind = training.task.kind
    for picture, draw in kind.pictures.items():
        drawn = draw(kind, inputs, outputs, targets)
        tag, writer = f"{picture}/{name or split}", training.logbook.writer
        if isinstance(drawn, Image.Image):
            writer.add_image(tag, np.asarray(drawn), training.step, dataformats="HWC")
        else:
            writer.add_figure(tag, drawn, training.step)
