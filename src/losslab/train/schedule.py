"""The learning rate over the steps of a run, by torch's schedulers: a warm-up, then constant or a decay.

https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, LRScheduler, SequentialLR

from losslab.config.instantiation import make
from losslab.config.settings import SchedulerSettings
from losslab.errors import UserError, first_line

MakeScheduler = Callable[[Optimizer], LRScheduler | None]


def cosine(optimizer: Optimizer, steps: int) -> LRScheduler:
    """Half a cosine: step t, from 0, has (1 + cos(π t / steps)) / 2 of the learning rate."""
    return CosineAnnealingLR(optimizer, T_max=steps)


def linear(optimizer: Optimizer, steps: int) -> LRScheduler:
    """A straight line: step t, from 0, has 1 - t / steps of the learning rate."""
    return LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=steps)


def scheduler_maker(settings: SchedulerSettings, name: str, steps: int) -> MakeScheduler:
    """A function that makes the scheduler of an optimiser, to be stepped after each of its steps.

    It returns None for a constant learning rate. During a warm-up of w steps, step t, from 0, has (t + 1) / w
    of the learning rate.

    Args:
        name: of the choice, for messages.
        steps: of the optimiser in the whole run.

    Raises UserError if the warm-up is not shorter than the run, or the user's own decay cannot be made.
    """
    told = settings.warmup
    warmup = round(told * steps) if isinstance(told, float) else told
    if warmup >= steps:
        raise UserError(f"scheduler.warmup={told} leaves no step after the warm-up: the run has {steps}")
    if settings.decay is None and warmup < 2:
        return lambda optimizer: None
    decay: Callable[[Optimizer, int], LRScheduler] = (
        _constant
        if settings.decay is None
        else make(settings.decay.with_arguments(_partial_=True), where=f"scheduler={name}")
    )

    def scheduler(optimizer: Optimizer) -> LRScheduler:
        if warmup < 2:
            return decay(optimizer, steps)
        rising = LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return SequentialLR(optimizer, [rising, decay(optimizer, steps - warmup)], milestones=[warmup])

    try:
        scheduler(torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1))
    except (TypeError, ValueError) as error:
        raise UserError(f"scheduler={name} could not be made: {first_line(error)}") from error
    return scheduler


def _constant(optimizer: Optimizer, steps: int) -> LRScheduler:
    return ConstantLR(optimizer, factor=1.0)
