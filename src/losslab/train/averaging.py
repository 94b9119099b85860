"""Averages of the weights over the steps, by torch's AveragedModel: evaluated in place of the weights.

https://docs.pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn, update_bn

from losslab.config.settings import AveragingSettings
from losslab.look.watcher import Training, Watcher

BATCH_NORM_SAMPLES = 2_000  # of the training data; they give a mean to about 2 % of its standard deviation


class Averaging(Watcher):
    """Keeps `training.averaged`, a second network. It must be told of events before any evaluation.

    Parameters of the network are averaged, those of a loss are not. Batch normalisation needs the statistics
    of the averaged weights: they are measured on a sample of the training data before each evaluation.

    Args:
        settings: `averaging`; its method is not null.
        steps: of the optimiser in the whole run.
    """

    def __init__(self, settings: AveragingSettings, steps: int) -> None:
        self.first = steps - max(1, round(settings.last * steps)) + 1
        self._average = _exponential(settings.decay) if settings.method == "ema" else get_swa_multi_avg_fn()
        self._averaged: AveragedModel | None = None
        self._has_batch_norm = False

    def started(self, training: Training) -> None:
        self._averaged = AveragedModel(training.network, multi_avg_fn=self._average)
        training.averaged = self._averaged
        self._has_batch_norm = any(
            isinstance(module, nn.modules.batchnorm._BatchNorm) for module in training.network.modules()
        )

    def due_steps(self, training: Training, steps: range) -> Iterable[int]:
        return range(max(steps.start, self.first), steps.stop)

    def after_step(self, training: Training, step: int) -> None:
        assert self._averaged is not None
        self._averaged.update_parameters(training.network)

    def between_steps(self, training: Training) -> None:
        if not self._has_batch_norm or training.evaluated is training.network:
            return
        devices = [training.device] if training.device.type == "cuda" else []
        with torch.random.fork_rng(devices):  # dropout must not use the training's random numbers
            update_bn(training.batches("train", BATCH_NORM_SAMPLES), training.evaluated)

    def finished(self, training: Training) -> None:
        self.between_steps(training)

    def state_dict(self) -> dict[str, Any]:
        return {} if self._averaged is None else self._averaged.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        assert self._averaged is not None
        self._averaged.load_state_dict(state)


def _exponential(decay: float) -> Any:
    """The moving average of `AveragedModel`, faster at first: see conf/averaging/ema.yaml."""

    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Tensor) -> None:
        early = (1 + int(count)) / (10 + int(count))
        get_ema_multi_avg_fn(min(decay, early))(averaged, current, count)

    return update
