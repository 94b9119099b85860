"""The sections of a config about training: optimizer, scheduler, averaging and trainer."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from losslab.config.settings.values import (
    AUTO,
    Count,
    CountFromZero,
    CountOrAuto,
    Flag,
    Number,
    PositiveOrNull,
    Section,
    Target,
    is_number,
    number,
    said,
    wrong,
)


class OptimizerSettings(Target):
    """Makes the optimiser from the parameters. A learning rate, if given, must be positive.

    `fused: auto` stands for true where device and precision support it, see `train/optimizer.py`.
    """

    @property
    def learning_rate(self) -> float | None:
        """The argument `lr`; None for the optimiser's own default."""
        return self.arguments.get("lr")

    @pydantic.model_validator(mode="after")
    def _learns(self) -> OptimizerSettings:
        rate = self.arguments.get("lr", 1.0)
        if not is_number(rate) or rate <= 0:
            raise wrong("give a number above 0", argument="lr")
        if self.arguments.get("fused") not in (None, True, False, "auto"):
            raise wrong("give auto, true, false or null", argument="fused")
        return self


_SHARE_OR_STEPS = "give a number of steps from 0, or a share of them below 1"


class SchedulerSettings(Section):
    """The learning rate over the steps.

    Attributes:
        decay: makes a torch scheduler from (optimizer, steps); null: constant.
        warmup: steps, or a share (below 1) of the run's steps, in which the learning rate rises linearly.
    """

    decay: Target | None
    warmup: Annotated[
        Number, number(_SHARE_OR_STEPS, lambda value: value >= 0 and (value < 1 or value % 1 == 0))
    ]

    @pydantic.field_validator("warmup")
    @classmethod
    def _whole_steps(cls, value: Number) -> Number:
        return value if value < 1 else int(value)


class AveragingSettings(Section):
    """Which average of the weights is evaluated.

    Attributes:
        method: exponential moving average, or equal weights; null: no average.
        decay: of the moving average.
        last: share of the steps, at the end of training, that are averaged.
    """

    method: Annotated[Literal["ema", "equal"] | None, said("choose one of ema, equal, or null")]
    decay: Annotated[Number, number("give a number between 0 and 1", lambda value: 0 < value < 1)] = 0.99
    last: Annotated[Number, number("give a share above 0, up to 1", lambda value: 0 < value <= 1)] = 1.0


class GradientClipSettings(Section):
    """Limits before each step: for the norm of all gradients together, and for the absolute value of each."""

    norm: PositiveOrNull
    value: PositiveOrNull


class TrainerSettings(Section):
    """The config group `trainer`."""

    max_epochs: Count
    batch_size: Count
    eval_every: CountOrAuto
    eval_batch_size: Count
    log_every: Count
    accelerator: str
    precision: Literal["32-true", "64-true", "bf16-mixed", "bf16-true"]  # 16-mixed needs a loss scaler
    matmul_precision: Literal["highest", "high", "medium"]
    channels_last: Flag
    gradient_clip: GradientClipSettings
    checkpoint: Flag
    num_workers: CountFromZero
    threads: CountOrAuto = AUTO
    # Only in trainer=ddp, so that runs in one process keep their identity.
    strategy: Literal["ddp"] | None = None
    devices: Count = 1
