"""The curve of the mini-batches' losses, and of a sum's terms: `batch_loss`, `batch_loss_TERM`."""

from __future__ import annotations

import torch
from torch import Tensor

from losslab.look.watcher import Steps, Training, Watcher


class BatchLosses(Watcher):
    """Logs the losses of step 1 and of every multiple of `log_every`, at no cost to a step."""

    def __init__(self) -> None:
        self._terms: dict[int, Tensor] = {}

    def due_steps(self, training: Training, steps: range) -> list[int]:
        """Only the terms of a sum have to be read inside a step."""
        return _logged(training, steps) if training.criterion.terms else []

    def after_step(self, training: Training, step: int) -> None:
        self._terms[step] = training.criterion.last_terms

    def after_steps(self, training: Training, steps: Steps) -> None:
        names = [f"batch_loss_{name}" for name in training.criterion.terms]
        # one transfer from the device for all of them
        stacked = torch.stack(list(self._terms.values())).tolist() if self._terms else []
        terms = dict(zip(self._terms, stacked, strict=True))
        self._terms = {}
        for step in _logged(training, range(steps.before + 1, steps.before + len(steps.losses) + 1)):
            offset = step - steps.before - 1
            logged = {"batch_loss": steps.losses[offset].item()}
            logged.update(zip(names, terms.get(step, ()), strict=True))
            training.logbook.add(step, steps.began + steps.seconds_each * (offset + 1), "train", logged)


def _logged(training: Training, steps: range) -> list[int]:
    every = training.settings.log_every
    return [step for step in steps if step == 1 or step % every == 0]
