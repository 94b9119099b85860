"""One run: its settings in, one record and one TensorBoard log out.

Reads as a table of contents; the parts are one level below. Knows nothing of sweeps, comparisons and claims.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from rich.console import Console
from torch import nn

from losslab import records
from losslab.config.identity import identities
from losslab.config.instantiation import make
from losslab.config.settings import RunSettings, TrainerSettings
from losslab.errors import UserError, first_line
from losslab.look import findings, guard, tensorboard
from losslab.look.logbook import DIAGNOSTICS_FILE, Logbook
from losslab.look.pictures import Pictures
from losslab.losses import misuse
from losslab.losses.criterion import Criterion, build_criterion
from losslab.losses.terms import WeightedSum
from losslab.models import build_network, check_fit
from losslab.records import DIVERGED, FAILED, FINISHED, Record, environment
from losslab.seeds import stream_seed
from losslab.tasks import Task, load_task
from losslab.train import failures, hardware
from losslab.train.batches import TrainingBatches
from losslab.train.checkpoint import FILE as CHECKPOINT_FILE
from losslab.train.checkpoint import Checkpoint
from losslab.train.learner import Diverged, Learner
from losslab.train.progress import StepProgress


@dataclasses.dataclass
class Parts:
    """What a config describes, made."""

    task: Task
    network: nn.Module
    criterion: Criterion | WeightedSum
    optimizer: Any


@guard.quiet_writer_threads()
def run(
    settings: RunSettings,
    overrides: list[str],
    folder: Path,
    console: Console | None = None,
) -> Record:
    """Train one run and write its record to `folder`.

    A run that diverges or fails has a record too. Raises UserError, and writes nothing, where the settings
    cannot be run at all.

    Args:
        console: where the progress bar goes; None for none.
    """
    started = time.perf_counter()
    processor_started = time.process_time()
    parts = build(settings)
    config = settings.plain()
    record = Record(
        **identities(settings),
        name=folder.name,
        seed=settings.seed,
        choices=settings.choices,
        overrides=overrides,
        config=config,
        status=FAILED,
        metric=parts.task.kind.primary,
        higher_is_better=parts.task.kind.higher_is_better,
        parameters=sum(parameter.numel() for parameter in parts.network.parameters()),
        planned_steps=_planned_steps(settings.trainer, parts.task),
    )
    records.remove_unfinished(folder)
    checkpoint = Checkpoint(folder, record.identity, started) if settings.trainer.checkpoint else None
    if checkpoint is not None:
        checkpoint.check_fits(parts.network, parts.criterion)
        record.resumed_at = checkpoint.step
    with hardware.quiet_libraries():
        logger = tensorboard.RunLogger(folder, record.resumed_at)
        logbook = Logbook(logger)
        looks = logbook.mishaps
        with looks.contained("TensorBoard"):
            tensorboard.write_config(logbook.writer, config)
        learner = Learner(
            parts.task,
            parts.network,
            parts.criterion,
            parts.optimizer,
            settings.trainer,
            settings.task.targets,
            logbook,
            checkpoint,
        )
        trainer = _make_trainer(settings, logger, console, folder.name, parts.task, looks, record.resumed_at)
        setup_seconds = time.perf_counter() - started
        try:
            _train(trainer, learner, settings, record.resumed_at)
            record.status = FINISHED
        except Diverged as divergence:
            record.status, record.diverged_at = DIVERGED, divergence.step
        except Exception as error:
            record.error = failures.described(error)
    record.metrics, record.targets, record.steps = learner.latest, learner.targets, learner.step
    record.environment = environment.describe(trainer.strategy.root_device)
    record.timing = {
        "setup": setup_seconds,
        "training": learner.training_seconds,
        "evaluation": learner.evaluation_seconds,
        "total": time.perf_counter() - started + (checkpoint.seconds if checkpoint else 0.0),
        "processor": time.process_time() - processor_started,
    }
    floor = None
    with looks.contained("the loss's floor"):
        floor = findings.loss_floor(parts.criterion, parts.task)
    record.findings = findings.diagnose(
        findings.Evidence(record, logbook.curves(), logbook.measurements(), floor=floor)
    )
    with looks.contained("TensorBoard"):
        tensorboard.write_findings(logbook.writer, record)
        tensorboard.write_hyperparameters(logger, record)
        logger.close()
    if not trainer.is_global_zero:
        return record  # one process writes
    if logbook.measured:
        with looks.contained(DIAGNOSTICS_FILE):
            measurements = logbook.measurements().to_csv(index=False)
            records.write_atomically(folder / DIAGNOSTICS_FILE, measurements)
    record.findings += looks.found
    records.save(record, logbook.curves(), folder)
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return record


def build(settings: RunSettings) -> Parts:
    """Task, network, criterion and optimiser. Raises UserError where they do not fit each other.

    Settings may name any function with any arguments: whatever goes wrong in them is said in one sentence,
    with its traceback where LOSSLAB_DEBUG is set.
    """
    try:
        return _build(settings)
    except UserError:
        raise
    except Exception as error:
        if os.environ.get("LOSSLAB_DEBUG"):
            raise
        told = failures.described(error)
        raise UserError(
            f"task, model, loss and optimizer cannot be made from this config: {told['type']}: "
            f"{first_line(Exception(told['message']))}; LOSSLAB_DEBUG=1 shows where"
        ) from error


def _build(settings: RunSettings) -> Parts:
    choices = settings.choices
    task = load_task(settings.task, choices["task"]).for_seed(settings.seed)
    check_fit(settings.model, choices["model"], task)
    network = build_network(
        settings.model,
        settings.activation,
        settings.init,
        task.input_shape,
        task.kind.output_features,
        settings.seed,
        inputs=lambda: task.splits["train"].sample(256)[0],
    )
    criterion = build_criterion(
        settings.loss,
        task.kind,
        choices["loss"],
        training_targets=lambda: task.training_targets,
        allow_misuse=settings.allow_misuse,
    )
    hardware.check(settings.trainer)
    _check_outputs(task, network, choices["model"])
    _check_loss(task, network, criterion, settings)
    return Parts(
        task, network, criterion, make(settings.optimizer, where=f"optimizer={choices['optimizer']}")
    )


def _check_outputs(task: Task, network: nn.Module, model_name: str) -> None:
    """Two samples through the network: shapes must fit before training starts."""
    inputs, targets = task.splits["train"].sample(2)
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            outputs = network(inputs)
    except Exception as error:  # whatever a person's own network raises
        raise UserError(
            f"model={model_name} does not take the inputs of task={task.name}, shape {task.input_shape}: "
            f"{first_line(error)}"
        ) from error
    network.train(training)
    expected = task.kind.output_shape(targets)
    if tuple(outputs.shape) != expected:
        raise UserError(
            f"model={model_name} gives outputs of shape {tuple(outputs.shape)} for two samples of "
            f"task={task.name}, which needs {expected}"
        )


def _check_loss(
    task: Task, network: nn.Module, criterion: Criterion | WeightedSum, settings: RunSettings
) -> None:
    """A small real batch through network and loss: misuse shows before training starts."""
    _, targets = task.splits["train"].sample(1)
    size = misuse.probe_size(task.kind.output_shape(targets)[1:], len(task.splits["train"]))
    inputs, targets = task.splits["train"].sample(size)
    misuse.check_batch(
        criterion,
        misuse.outputs_of(network, inputs),
        task.kind.encode(targets, criterion.form),
        settings.choices["loss"],
        settings=settings.loss,
        allow_misuse=settings.allow_misuse,
    )


def _train(trainer: pl.Trainer, learner: Learner, settings: RunSettings, steps_done: int) -> None:
    task = learner.task
    batches = TrainingBatches(
        task.on(trainer.strategy.root_device)["train"],
        lambda targets: task.kind.encode(targets, learner.criterion.form),
        batch_size=settings.trainer.batch_size,
        eval_every=settings.trainer.eval_every,
        seed=settings.seed,
        device=trainer.strategy.root_device,
        epoch=lambda: epochs_done + learner.current_epoch,
        num_workers=settings.trainer.num_workers,
        steps_done=steps_done,
        process=lambda: (trainer.global_rank, trainer.world_size),
    )
    epochs_done = steps_done // batches.steps_per_epoch
    if learner.checkpoint is not None:
        learner.checkpoint.steps_per_epoch = batches.steps_per_epoch
        learner.checkpoint.last_step = batches.steps_per_epoch * settings.trainer.max_epochs
        # worker processes draw their own random numbers, batch by batch
        learner.checkpoint.only_at_epochs = settings.trainer.num_workers > 0
    pl.seed_everything(stream_seed(settings.seed, "training") % 2**32, verbose=False)
    with _keyboard_interrupt_as_such(), hardware.without_nvml():
        trainer.fit(learner, batches)
        splits = ["train", "validation", *(["test"] if settings.read_test else [])]
        trainer.test(learner, [splits], verbose=False)


def _make_trainer(
    settings: RunSettings,
    logger: TensorBoardLogger,
    console: Console | None,
    title: str,
    task: Task,
    looks: guard.Mishaps,
    steps_done: int,
) -> pl.Trainer:
    steps = _planned_steps(settings.trainer, task)
    callbacks = [
        make(callback, where=f"diagnostics.callbacks.{name}")
        for name, callback in settings.diagnostics.callbacks.items()
    ]
    if settings.pictures is not None:
        callbacks.append(Pictures(steps, settings.pictures))
    if console is not None and console.is_terminal:
        callbacks.append(StepProgress(console, title, steps))
    return pl.Trainer(
        max_epochs=settings.trainer.max_epochs - steps_done * settings.trainer.max_epochs // steps,
        **hardware.trainer_arguments(settings.trainer),
        deterministic=settings.deterministic,
        logger=logger,
        callbacks=[guard.guarded(callback, looks) for callback in callbacks],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _planned_steps(trainer: TrainerSettings, task: Task) -> int:
    return -(-len(task.splits["train"]) // trainer.batch_size) * trainer.max_epochs


@contextlib.contextmanager
def _keyboard_interrupt_as_such() -> Iterator[None]:
    """Lightning turns Ctrl-C into SystemExit and stops listening for it; make it an interrupt again."""
    import signal

    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None
        raise
