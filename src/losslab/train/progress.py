"""The progress bar of a run, in optimiser steps (Lightning's own would count chunks)."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from losslab.train.learner import Learner


class StepProgress(pl.Callback):
    """One line while training, gone afterwards: steps, time left, the latest validation metric."""

    def __init__(self, console: Console, title: str, total_steps: int) -> None:
        self.total_steps = total_steps
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[metric]}"),
            console=console,
            transient=True,
        )
        self.bar = self.progress.add_task(escape(title), total=total_steps, metric="")

    def on_train_start(self, trainer: pl.Trainer, learner: pl.LightningModule) -> None:
        self.progress.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, learner: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        assert isinstance(learner, Learner)
        primary = learner.task.kind.primary
        value = learner.latest["validation"][primary]
        self.progress.update(self.bar, completed=learner.step, metric=f"validation {primary} {value:.4f}")

    def on_train_end(self, trainer: pl.Trainer, learner: pl.LightningModule) -> None:
        self.progress.stop()

    def on_exception(
        self, trainer: pl.Trainer, learner: pl.LightningModule, exception: BaseException
    ) -> None:
        self.progress.stop()
