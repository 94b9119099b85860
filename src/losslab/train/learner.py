"""The LightningModule: forward, loss, backward, step, and looking up now and then.

It knows networks, criteria and tasks; it knows nothing of files, sweeps or which loss it trains.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torchmetrics import Metric

from losslab.config.settings import TrainerSettings
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.logbook import Logbook
from losslab.losses.criterion import Criterion
from losslab.losses.terms import WeightedSum
from losslab.records import Target
from losslab.tasks import Task
from losslab.train import hardware
from losslab.train.batches import Batch, Chunk, evaluation_batches
from losslab.train.checkpoint import Checkpoint

# Evaluation inputs that are small are scaled once and kept, instead of at each evaluation.
KEPT_BYTES = 64 * 2**20
# Training samples behind a point of a curve: an accuracy is then known to about half a point.
CURVE_SAMPLES = 2_000
PROGRESS = ("step", "latest", "training_seconds", "evaluation_seconds", "_evaluated_at")


class Diverged(Exception):
    """A loss or a weight became NaN or infinite at optimiser step `step` (from 1)."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the loss or the weights were no longer finite at step {step}")
        self.step = step


class Learner(pl.LightningModule):
    """Trains `network` with `criterion`; manual optimisation over chunks of mini-batches.

    Args:
        optimizer: makes the optimiser from the parameters.
        target_values: values of the primary metric whose first reaching is noted.
        checkpoint: where progress is kept, and found again; None for nowhere.
    """

    def __init__(
        self,
        task: Task,
        network: nn.Module,
        criterion: Criterion | WeightedSum,
        optimizer: Any,
        settings: TrainerSettings,
        target_values: list[float],
        logbook: Logbook,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.task = task
        self.network = network
        self.criterion = criterion
        self.settings = settings
        self.logbook = logbook
        self.checkpoint = checkpoint
        self.targets = [Target(value) for value in target_values]
        self.latest: dict[str, dict[str, Any]] = {}
        self.step = 0
        self.training_seconds = 0.0
        self.evaluation_seconds = 0.0
        hardware.prepare(network, settings)
        self._make_optimizer = optimizer
        self._evaluated_at = -1
        self._kept_batches: dict[str, list[Batch]] = {}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        parameters = [*self.network.parameters(), *self.criterion.parameters()]
        return self._make_optimizer(parameters)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return batch  # chunks are made on the device

    def on_train_start(self) -> None:
        callbacks = self.trainer.callbacks  # type: ignore[attr-defined]
        self._watchers = [callback for callback in callbacks if isinstance(callback, Diagnostic)]
        self._splits = self.task.on(self.device)
        if self.checkpoint is None or not self.checkpoint.restore(self):
            self.evaluate_curves()

    def training_step(self, chunk: Chunk, batch_index: int) -> None:
        started = time.perf_counter()
        optimizer: Any = self.optimizers(use_pl_optimizer=False)
        clip = self.settings.gradient_clip
        # With reduced precision Lightning scales the loss; otherwise plain backward saves a few calls.
        # With several processes it averages the gradients over them.
        lean = self.settings.precision == "32-true" and chunk.weights is None
        backward = Tensor.backward if lean else self.manual_backward
        losses: list[Tensor] = []
        terms: dict[int, Tensor] = {}
        for step, (inputs, targets) in enumerate(chunk.batches, start=chunk.first_step + 1):
            watchers = [watcher for watcher in self._watchers if watcher.is_due(step)]
            for watcher in watchers:
                watcher.before_forward(self, step)
            loss = self.criterion(self.network(inputs), targets)
            if chunk.weights is not None:
                loss = loss * chunk.weights[step - chunk.first_step - 1]
            optimizer.zero_grad()
            backward(loss)
            for watcher in watchers:
                watcher.after_backward(self, step)
            if clip.value:
                nn.utils.clip_grad_value_(self.network.parameters(), clip.value)
            if clip.norm:
                nn.utils.clip_grad_norm_(self.network.parameters(), clip.norm)
            optimizer.step()
            for watcher in watchers:
                watcher.after_step(self, step)
            losses.append(loss.detach())
            if self.criterion.terms and self._is_logged(step):
                terms[step] = self.criterion.last_terms
        stacked = torch.stack(losses)
        if chunk.weights is not None:
            stacked = self.trainer.strategy.reduce(stacked, reduce_op="mean")
        self._finish_chunk(chunk, stacked, terms, started)

    def _is_logged(self, step: int) -> bool:
        return step == 1 or step % self.settings.log_every == 0

    def _finish_chunk(self, chunk: Chunk, losses: Tensor, terms: dict[int, Tensor], started: float) -> None:
        """Note the chunk's losses; one transfer from the device for all of them, one for their terms."""
        values = losses.float().cpu()
        weights_finite = all(bool(parameter.isfinite().all()) for parameter in self.network.parameters())
        elapsed = time.perf_counter() - started
        finite = values.isfinite()
        done = chunk.steps if bool(finite.all()) else int((~finite).nonzero()[0, 0])
        stacked = torch.stack(list(terms.values())).tolist() if terms else []
        term_values = dict(zip(terms, stacked, strict=True))
        names = [f"batch_loss_{name}" for name in self.criterion.terms]
        for offset in range(done):
            step = chunk.first_step + offset + 1
            if self._is_logged(step):
                seconds = self.training_seconds + elapsed * (offset + 1) / chunk.steps
                logged = {"batch_loss": values[offset].item()}
                if step in term_values:
                    logged.update(zip(names, term_values[step], strict=True))
                self.logbook.add(step, seconds, "train", logged)
        self.step = chunk.first_step + done
        self.training_seconds += elapsed
        if done < chunk.steps:
            raise Diverged(self.step + 1)
        if not weights_finite:
            raise Diverged(self.step)

    def on_train_batch_end(self, outputs: Any, batch: Chunk, batch_idx: int) -> None:
        if self.step % self.settings.eval_every == 0:
            self.evaluate_curves()
        if self.checkpoint is not None:
            self.checkpoint.save_if_due(self)

    def on_train_end(self) -> None:
        self.evaluate_curves()

    def progress(self) -> dict[str, Any]:
        """How far training is, as plain data: what `load_progress` takes."""
        values = {name: getattr(self, name) for name in PROGRESS}
        return {**values, "targets": [dataclasses.asdict(target) for target in self.targets]}

    def load_progress(self, progress: dict[str, Any]) -> None:
        for name in PROGRESS:
            setattr(self, name, progress[name])
        self.targets = [Target(**target) for target in progress["targets"]]

    def evaluate_curves(self) -> None:
        """Loss and metrics on validation, and on a sample of the training data; notes targets reached."""
        if self._evaluated_at == self.step:
            return
        self._evaluated_at = self.step
        started = time.perf_counter()
        for name in ("train", "validation"):
            self.latest[name] = self.evaluate(self._curve_batches(name), final=False)
            self.logbook.add(self.step, self.training_seconds, name, self.latest[name])
        reached = self.latest["validation"][self.task.kind.primary]
        better = (lambda a, b: a >= b) if self.task.kind.higher_is_better else (lambda a, b: a <= b)
        for target in self.targets:
            if target.step is None and better(reached, target.value):
                target.step, target.seconds = self.step, self.training_seconds
        self.evaluation_seconds += time.perf_counter() - started

    def _curve_batches(self, name: str) -> Iterable[Batch]:
        """What curves are evaluated on; kept ready if small."""
        if name in self._kept_batches:
            return self._kept_batches[name]
        count = self._evaluated_samples(name, final=False)
        batches = self._evaluation_batches(name, count)
        sample, _ = self._splits[name].sample(1)
        if sample.numel() * 4 * count > KEPT_BYTES:
            return batches
        self._kept_batches[name] = list(batches)
        return self._kept_batches[name]

    def _evaluated_samples(self, name: str, final: bool) -> int:
        """Of training data a sample tells enough: as many as there are for validation, fewer for curves."""
        size = len(self._splits[name])
        if name != "train":
            return size
        size = min(size, len(self._splits["validation"]))
        return size if final else min(size, CURVE_SAMPLES)

    def _evaluation_batches(self, name: str, count: int) -> Iterable[Batch]:
        return evaluation_batches(self._splits[name], self.settings.eval_batch_size, self.device, count)

    def on_test_start(self) -> None:
        self._splits = self.task.on(self.device)

    def test_step(self, split: str, batch_index: int) -> None:
        """The final word on a split, with all metrics. Lightning's test loop gives it the split's name."""
        batches = self._evaluation_batches(split, self._evaluated_samples(split, final=True))
        self.latest[split] = self.evaluate(batches, final=True)
        if split == "test":
            self.logbook.add(self.step, self.training_seconds, split, self.latest[split])

    @torch.no_grad()
    def evaluate(self, batches: Iterable[Batch], final: bool) -> dict[str, Any]:
        """Loss and the task's metrics over batches of (inputs, targets), in evaluation mode.

        The loss is the mean over batches weighted by their sizes: with one batch it is the loss itself.
        """
        training = self.network.training
        self.network.eval()
        metrics = self._metrics(final)
        total_loss = torch.zeros((), device=self.device)
        seen = 0
        for inputs, targets in batches:
            outputs = hardware.outputs_of(self.network, inputs)
            encoded = self.task.kind.encode(targets, self.criterion.form)
            total_loss += self.criterion(outputs, encoded).float() * len(inputs)
            metrics.update(outputs, targets)
            seen += len(inputs)
        self.network.train(training)
        values = {"loss": (total_loss / seen).item()}
        for name, value in metrics.compute().items():
            values[name] = value.item() if value.ndim == 0 else value.tolist()
        return values

    def _metrics(self, final: bool) -> Any:
        if not hasattr(self, "_metric_cache"):
            self._metric_cache: dict[bool, Any] = {}
        if final not in self._metric_cache:
            made = self.task.kind.metrics(final).to(self.device)
            for module in made.modules():
                if isinstance(module, Metric):
                    module.sync_on_compute = False  # each process evaluates everything itself
            self._metric_cache[final] = made
        self._metric_cache[final].reset()
        return self._metric_cache[final]
