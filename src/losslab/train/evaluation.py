"""Evaluation: loss and the task's metrics on splits, during training and at its end.

All values go to the logbook; the latest ones and the targets reached also go to the record.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torchmetrics import Metric

from losslab.look.watcher import Training, Watcher
from losslab.records import BEFORE_SCALING, Reliability, Target, reaches
from losslab.tasks.batches import Batch
from losslab.train import hardware, temperature
from losslab.train.reliability import reliability

# Small evaluation inputs are scaled once and kept, instead of at each evaluation.
KEPT_BYTES = 64 * 2**20


class Evaluation(Watcher):
    """Evaluates before the first step, when `Training.evaluations` says so, and after the last step.

    Args:
        targets: values of the primary metric; records when validation first reaches them.
        resumes: whether a checkpoint will be restored, which holds the evaluation at step 0.
        scales: whether test metrics are those of outputs divided by a fitted temperature.

    Attributes:
        latest: split, or BEFORE_SCALING -> metric -> value.
        reliability: "test", and BEFORE_SCALING -> predictions by their confidence, where the kind has such.
        temperature: None before the test, and without scaling.
        targets: with step and seconds of training, if reached.
        seconds: spent on evaluation.
    """

    def __init__(self, targets: Sequence[float], resumes: bool = False, scales: bool = False) -> None:
        self.latest: dict[str, dict[str, Any]] = {}
        self.reliability: dict[str, Reliability] = {}
        self.targets = [Target(value) for value in targets]
        self.temperature: float | None = None
        self.seconds = 0.0
        self._resumes, self._scales = resumes, scales
        self._evaluated_at = -1
        self._kept_batches: dict[str, list[Batch]] = {}
        self._metrics: dict[bool, Any] = {}

    def started(self, training: Training) -> None:
        if not self._resumes:
            self._evaluate_curves(training)

    def between_steps(self, training: Training) -> None:
        if training.evaluations.due(training.step):
            self._evaluate_curves(training)

    def finished(self, training: Training) -> None:
        self._evaluate_curves(training)

    def test(self, training: Training, split: str) -> None:
        """The final evaluation of `split`, with all metrics."""
        count = _final_samples(training, split)
        self.latest[split] = self._evaluate(training, training.batches(split, count), final=True)
        if split != "test":
            return
        self._note_reliability(split)
        if self._scales:
            self.latest[BEFORE_SCALING] = self.latest[split]
            self._note_reliability(BEFORE_SCALING)
            training.temperature = self.temperature = temperature.fitted(training)
            self.latest[split] = self._evaluate(training, training.batches(split, count), final=True)
            self._note_reliability(split)
        training.logbook.add(training.step, training.seconds, split, self.latest[split])

    def state_dict(self) -> dict[str, Any]:
        return {
            "latest": self.latest,
            "targets": [dataclasses.asdict(target) for target in self.targets],
            "seconds": self.seconds,
            "evaluated_at": self._evaluated_at,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.latest, self.seconds = state["latest"], state["seconds"]
        self.targets = [Target(**target) for target in state["targets"]]
        self._evaluated_at = state["evaluated_at"]

    def _evaluate_curves(self, training: Training) -> None:
        """Evaluates validation data and a sample of the training data, once per step."""
        if self._evaluated_at == training.step:
            return
        self._evaluated_at = training.step
        started = time.perf_counter()
        for split in ("train", "validation"):
            self.latest[split] = self._evaluate(training, self._curve_batches(training, split), final=False)
            training.logbook.add(training.step, training.seconds, split, self.latest[split])
        self._note_targets(training)
        self.seconds += time.perf_counter() - started

    def _note_targets(self, training: Training) -> None:
        kind = training.task.kind
        reached = self.latest["validation"][kind.primary]
        for target in self.targets:
            if target.step is None and reaches(reached, target.value, kind.higher_is_better):
                target.step, target.seconds = training.step, training.seconds

    def _note_reliability(self, name: str) -> None:
        """Of the final evaluation that has just been made."""
        if (bins := reliability(self._metrics[True])) is not None:
            self.reliability[name] = bins

    def _curve_batches(self, training: Training, split: str) -> Iterable[Batch]:
        """The samples behind the curves; kept scaled if they are small."""
        if split in self._kept_batches:
            return self._kept_batches[split]
        count = training.evaluations.samples[split]
        batches = training.batches(split, count)
        sample, _ = training.splits[split].sample(1)
        if sample.numel() * 4 * count > KEPT_BYTES:
            return batches
        self._kept_batches[split] = list(batches)
        return self._kept_batches[split]

    @torch.no_grad()  # not inference_mode: no faster, and what a network caches in it cannot be trained with
    def _evaluate(self, training: Training, batches: Iterable[Batch], final: bool) -> dict[str, Any]:
        """Loss and the task's metrics over batches of (inputs, targets), in evaluation mode.

        The loss is the mean over batches weighted by their sizes: with one batch it is the loss itself.
        """
        network, criterion, kind = training.evaluated, training.criterion, training.task.kind
        mode = network.training
        network.eval()
        metrics = self._metrics_of(training, final)
        total_loss = torch.zeros((), device=training.device)
        seen = 0
        for inputs, targets in batches:
            outputs = hardware.outputs_of(network, inputs)
            metrics.update(outputs / training.temperature, targets)
            # its own copies: a loss that edits them in place must not change the metrics, nor the data
            encoded = kind.encode(targets, criterion.form).clone()
            total_loss += criterion(outputs.clone(), encoded).float() * len(inputs)
            seen += len(inputs)
        network.train(mode)
        values = {"loss": (total_loss / seen).item()}
        for name, value in metrics.compute().items():
            values[name] = value.item() if value.ndim == 0 else value.tolist()
        return values

    def _metrics_of(self, training: Training, final: bool) -> Any:
        """The kind's metrics, without values yet."""
        if final not in self._metrics:
            made = training.task.kind.metrics(final).to(training.device)
            for module in made.modules():
                if isinstance(module, Metric):
                    module.sync_on_compute = False  # each process evaluates everything itself
            self._metrics[final] = made
        self._metrics[final].reset()
        return self._metrics[final]


def _final_samples(training: Training, split: str) -> int:
    """Of training data a sample is enough: as many as for validation."""
    size = len(training.splits[split])
    return min(size, len(training.splits["validation"])) if split == "train" else size
