"""What benchmark.py measures: the same training with a plain loop, a conventional pipeline, and losslab."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from losslab import records
from losslab.config.compose import compose_run
from losslab.config.hydra_setup import default_data_folder
from losslab.config.settings import RunSettings
from losslab.look.evaluations import evaluations
from losslab.look.event_files import RunLogger
from losslab.models import build_network
from losslab.tasks import Task, load_task
from losslab.train import _lightning
from losslab.train.hardware import outputs_of
from losslab.train.run import run

DIAGNOSTICS_OFF = ("diagnostics=off", "pictures=null")


@dataclasses.dataclass(frozen=True)
class Case:
    """A task with a network, and how long to train it."""

    title: str
    overrides: tuple[str, ...]
    batch_size: int
    epochs: int
    loss: Callable[..., torch.Tensor] = nn.functional.cross_entropy
    has_conventional: bool = True

    def shortened(self) -> Case:
        """One epoch, on small digits instead of MNIST; without the pipeline that reads MNIST itself."""
        swapped = tuple("task=digits" if each == "task=mnist" else each for each in self.overrides)
        return dataclasses.replace(
            self,
            title=f"{self.title}; shortened to digits and 1 epoch",
            overrides=swapped,
            epochs=1,
            has_conventional=False,
        )

    def composed(self, *more: str) -> RunSettings:
        sizes = (f"trainer.batch_size={self.batch_size}", f"trainer.max_epochs={self.epochs}")
        return compose_run(*self.overrides, *sizes, *more)


def _mask_loss(outputs: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    return nn.functional.binary_cross_entropy_with_logits(outputs, masks.float())


CASES = {
    "mlp": Case("mnist, 784-128-10 MLP, batch 64, 3 epochs", ("task=mnist",), 64, 3),
    "cnn": Case("mnist, cnn, batch 256, 1 epoch", ("task=mnist", "model=cnn"), 256, 1),
    "unet": Case(
        "clutter, unet, batch 16, 2 epochs",
        ("task=clutter", "model=unet", "loss=bce_with_logits"),
        16,
        2,
        _mask_loss,
        has_conventional=False,
    ),
}


def plain_loop(case: Case, device: torch.device, evaluates: bool = False) -> float:
    """A hand-written loop over tensors in memory; seconds of training.

    Args:
        evaluates: as losslab does, at the same steps, on the same samples and with torchmetrics; at the end
            with all of the task's metrics, on all of its splits.
    """
    settings = case.composed()
    task = load_task(settings.task, settings.choices["task"])
    inputs, targets = (part.to(device) for part in task.splits["train"].sample(len(task.splits["train"])))
    network = build_network(
        settings.model, settings.activation, settings.init, task.input_shape, task.kind.output_features, 0
    ).to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True)  # as losslab's
    with _lightning.without_nvml():  # which Lightning, imported here, would have each of its steps ask
        started = time.perf_counter()
        look = _Evaluator(case, task, network, settings, device) if evaluates else None
        step = 0
        for _ in range(case.epochs):
            order = torch.randperm(len(inputs), device=device)
            for first in range(0, len(inputs), case.batch_size):
                if look and look.plan.due(step):
                    look.curves()
                index = order[first : first + case.batch_size]
                loss = case.loss(network(inputs[index]), targets[index])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
        if look:
            look.curves()
            look.final()
        loss.item()  # waits for the device
        return time.perf_counter() - started


class _Evaluator:
    """What a careful user would write for curves and a final evaluation: data kept ready, one pass."""

    def __init__(
        self, case: Case, task: Task, network: nn.Module, settings: RunSettings, device: torch.device
    ) -> None:
        self.case, self.network, self.batch = case, network, settings.trainer.eval_batch_size
        sizes = {name: len(split) for name, split in task.splits.items()}
        values = task.splits["train"].sample(1)[1].numel()
        self.plan = evaluations(settings.trainer, sizes["train"], sizes["validation"], values)
        final = {**sizes, "train": min(sizes["train"], sizes["validation"])}
        self.data = [
            {
                name: tuple(part.to(device) for part in task.splits[name].sample(count))
                for name, count in counts.items()
            }
            for counts in (self.plan.samples, final)
        ]
        self.metrics = [task.kind.metrics(final).to(device) for final in (False, True)]

    def curves(self) -> None:
        self._evaluate(*(both[0] for both in (self.data, self.metrics)))

    def final(self) -> None:
        self._evaluate(*(both[1] for both in (self.data, self.metrics)))

    @torch.inference_mode()
    def _evaluate(self, data: dict[str, tuple[Tensor, ...]], metrics: Any) -> None:
        self.network.eval()
        for inputs, targets in data.values():
            metrics.reset()
            outputs = torch.cat([outputs_of(self.network, part) for part in inputs.split(self.batch)])
            self.case.loss(outputs, targets).item()
            metrics.update(outputs, targets)
            metrics.compute()
        self.network.train()


def conventional(case: Case, device: torch.device) -> float:
    """torchvision data set with transforms, DataLoader, Lightning's own optimisation, self.log each step."""
    import pytorch_lightning as pl
    from torch.utils.data import DataLoader, Subset
    from torchvision import datasets, transforms

    settings = case.composed()
    task = load_task(settings.task, settings.choices["task"])
    network = build_network(
        settings.model, settings.activation, settings.init, task.input_shape, task.kind.output_features, 0
    )

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def training_step(self, batch: Any, index: int) -> torch.Tensor:
            inputs, targets = batch
            loss = nn.functional.cross_entropy(self.network(inputs), targets)
            self.log("loss", loss)
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=1e-3)

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize(0.5, 0.5)])
    data = Subset(
        datasets.MNIST(default_data_folder(), transform=transform), range(len(task.splits["train"]))
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=case.epochs,
            accelerator="gpu" if device.type == "cuda" else "cpu",
            devices=1,
            logger=pl.loggers.TensorBoardLogger(folder),
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        started = time.perf_counter()
        trainer.fit(Classifier(), DataLoader(data, batch_size=case.batch_size, shuffle=True))
        return time.perf_counter() - started


def losslab_run(case: Case, device: torch.device, *overrides: str) -> dict[str, float]:
    """Times of a whole losslab run; "total" includes evaluation, TensorBoard and the record."""
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    threads = f"trainer.threads={torch.get_num_threads()}"
    settings = case.composed(f"trainer.accelerator={accelerator}", threads, *overrides)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        record = run(settings, [], Path(folder))
        seconds = time.perf_counter() - started
    assert record.status == "finished", record.error
    return {**record.timing, "total": seconds}


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    original = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)


def without_tensorboard(case: Case, device: torch.device) -> float:
    from pytorch_lightning.loggers.logger import DummyExperiment

    nothing = property(lambda self: DummyExperiment())
    with (
        patched(RunLogger, "experiment", nothing),
        patched(RunLogger, "log_hyperparams", lambda *arguments, **options: None),
    ):
        return losslab_run(case, device, *DIAGNOSTICS_OFF)["total"]


def without_records(case: Case, device: torch.device) -> float:
    with patched(records, "save", lambda *arguments: None):
        return losslab_run(case, device, *DIAGNOSTICS_OFF)["total"]
