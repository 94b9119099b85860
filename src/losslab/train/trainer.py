"""Lightning's Trainer for one run: made, and sent through training and the final evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loggers import TensorBoardLogger

from losslab.records import DIVERGED, FINISHED, Record
from losslab.seeds import stream_seed
from losslab.tasks import Task
from losslab.train import _lightning, failures, hardware
from losslab.train.batches import TrainingBatches
from losslab.train.learner import Diverged, Learner


def make_trainer(record: Record, logger: TensorBoardLogger, task: Task) -> pl.Trainer:
    """A Trainer for the epochs that are left, without anything of Lightning's that a run does not need."""
    settings = record.config["trainer"]
    return pl.Trainer(
        max_epochs=settings["max_epochs"] - record.resumed_at // steps_per_epoch(record.config, task),
        **hardware.trainer_arguments(settings),
        deterministic=record.config["deterministic"],
        logger=logger,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def train(trainer: pl.Trainer, learner: Learner, record: Record) -> None:
    """All steps that are left, then the final word on each split; how it ended is noted in the record."""
    config, view = record.config, learner.view
    splits = ["train", "validation", *(["test"] if config["read_test"] else [])]
    try:
        pl.seed_everything(stream_seed(config["seed"], "training") % 2**32, verbose=False)
        with _lightning.keyboard_interrupt_as_such(), _lightning.without_nvml():
            trainer.fit(learner, _batches(trainer, learner, record))
            trainer.test(learner, [splits], verbose=False)
        record.status = FINISHED
    except Diverged as divergence:
        record.status, record.diverged_at = DIVERGED, divergence.step
    except Exception as error:
        record.error = failures.described(error)
    finally:
        for watcher in learner.watchers:
            watcher.closed(view)


def _batches(trainer: pl.Trainer, learner: Learner, record: Record) -> TrainingBatches:
    config, view, device = record.config, learner.view, trainer.strategy.root_device
    settings, epochs_done = config["trainer"], record.resumed_at // steps_per_epoch(config, view.task)
    return TrainingBatches(
        view.task.on(device)["train"],
        lambda targets: view.task.kind.encode(targets, view.criterion.form),
        batch_size=settings["batch_size"],
        eval_every=settings["eval_every"],
        seed=config["seed"],
        device=device,
        epoch=lambda: epochs_done + learner.current_epoch,
        num_workers=settings["num_workers"],
        steps_done=record.resumed_at,
        process=lambda: (trainer.global_rank, trainer.world_size),
    )


def steps_per_epoch(config: Mapping[str, Any], task: Task) -> int:
    """Optimiser steps of an epoch; the last mini-batch may be smaller."""
    return -(-len(task.splits["train"]) // config["trainer"]["batch_size"])
