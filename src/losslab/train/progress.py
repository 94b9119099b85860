"""The progress bar of a run, in optimiser steps (Lightning's own would count chunks)."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from losslab.look.watcher import Training, Watcher
from losslab.train.evaluation import Evaluation


class StepProgress(Watcher):
    """One line during training, removed afterwards: steps, time left, the latest validation metric."""

    def __init__(self, console: Console, title: str, total_steps: int, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
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

    def started(self, training: Training) -> None:
        self.progress.start()

    def between_steps(self, training: Training) -> None:
        primary = training.task.kind.primary
        value = self.evaluation.latest["validation"][primary]
        self.progress.update(self.bar, completed=training.step, metric=f"validation {primary} {value:.4f}")

    def finished(self, training: Training) -> None:
        self.progress.stop()

    def closed(self, training: Training) -> None:
        self.progress.stop()
