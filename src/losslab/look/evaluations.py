"""When a training is evaluated for its curves, and on how many samples. How is in `train/evaluation.py`.

Counts alone decide, never a clock or a network: all arms, machines and resumed runs are evaluated at the
same steps.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from losslab.config.settings import TrainerSettings
from losslab.tasks.task import Task

# Of the time that training takes, all evaluations for the curves together may take this share.
SHARE = 0.1
# A sample costs at least so many times more in training (forward, backward, step) than in an evaluation:
# measured on one core with fused Adam, mnist's cnn 1.9 to 2.7, clutter's unet 2.3, mnist's mlp 5.4.
TRAINING_COST = 2.0
FEWEST, MOST = 10, 40  # intervals in a run
EARLY = (4, 2)  # curves are steepest at the start: also after a quarter and a half of the first interval
# A point has at least so many target values behind it (an image's mask has thousands), also in a short run.
FEWEST_VALUES = 256
# Training samples per point of a curve; they give an accuracy to about half a percentage point.
CURVE_SAMPLES = 2_000


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """The points of the curves: before the first step, at `early`, at multiples of `every`, at the end.

    Attributes:
        every: optimiser steps.
        early: steps before the first multiple, ascending.
        samples: split -> number of samples, spread evenly over the split.
    """

    every: int
    samples: dict[str, int]
    early: tuple[int, ...] = ()

    def due(self, step: int) -> bool:
        """Whether the training is evaluated after `step` steps."""
        return step % self.every == 0 or step in self.early

    def recorded(self) -> dict[str, Any]:
        """As a record holds it, and reads it back from its file."""
        return {"every": self.every, "early": list(self.early), "samples": self.samples}

    def next_after(self, step: int) -> int:
        """The first step after `step` with an evaluation."""
        return next((early for early in self.early if early > step), (step // self.every + 1) * self.every)


def evaluations(settings: TrainerSettings, train: int, validation: int, values: int = 1) -> Evaluations:
    """The evaluations of a run with so many `train` and `validation` samples, with `values` numbers a target.

    With a number in `trainer.eval_every` all validation samples are evaluated each time. With `auto` there
    are 10 to 40 intervals, as many as SHARE allows; if not even 10, each evaluation takes fewer samples.
    """
    all_samples = {"train": min(train, validation, CURVE_SAMPLES), "validation": validation}
    if isinstance(settings.eval_every, int):
        return Evaluations(settings.eval_every, all_samples)
    steps = -(-train // settings.batch_size) * settings.max_epochs
    allowed = SHARE * TRAINING_COST * train * settings.max_epochs  # samples, in all evaluations together
    others = 2 + len(EARLY)  # before the first step, after the last one
    intervals = min(max(int(allowed / sum(all_samples.values())) - others, FEWEST), MOST)
    every = _two_digits(-(-steps // intervals))
    share = min(1.0, allowed / (intervals + others) / sum(all_samples.values()))
    fewest = -(-FEWEST_VALUES // values)
    return Evaluations(
        every,
        {split: min(count, max(fewest, int(share * count))) for split, count in all_samples.items()},
        tuple(sorted({every // part for part in EARLY} - {0, every})),
    )


def of_task(settings: TrainerSettings, task: Task) -> Evaluations:
    """The evaluations of a run on `task`."""
    train, validation = task.splits["train"], task.splits["validation"]
    _, target = train.sample(1)
    return evaluations(settings, len(train), len(validation), target.numel())


def _two_digits(number: int) -> int:
    """`number` rounded up to two significant digits: 258 to 260."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return -(-number // unit) * unit
