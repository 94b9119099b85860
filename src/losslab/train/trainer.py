"""Lightning's Trainer for one run: made, and sent through training and the final evaluation."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.loggers import TensorBoardLogger

from losslab.config.settings import RunSettings
from losslab.records import DIVERGED, FINISHED, Record
from losslab.seeds import stream_seed
from losslab.tasks import Task
from losslab.train import _lightning, failures, hardware
from losslab.train.batches import TrainingBatches
from losslab.train.learner import Diverged, Learner


def make_trainer(settings: RunSettings, logger: TensorBoardLogger, task: Task, steps_done: int) -> pl.Trainer:
    """A Trainer for the remaining epochs, without those parts of Lightning that a run does not need."""
    return pl.Trainer(
        max_epochs=settings.trainer.max_epochs - steps_done // steps_per_epoch(settings, task),
        **hardware.trainer_arguments(settings.trainer),
        deterministic=settings.deterministic,
        logger=logger,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def train(trainer: pl.Trainer, learner: Learner, settings: RunSettings, record: Record) -> None:
    """Trains all remaining steps, then evaluates each split; the record says how the run ended."""
    splits = ["train", "validation", *(["test"] if settings.read_test else [])]
    try:
        pl.seed_everything(stream_seed(settings.seed, "training") % 2**32, verbose=False)
        with _lightning.keyboard_interrupt_as_such(), _lightning.without_nvml():
            trainer.fit(learner, _batches(trainer, learner, settings, record.resumed_at))
            trainer.test(learner, [splits], verbose=False)
        record.status = FINISHED
    except Diverged as divergence:
        record.status, record.diverged_at = DIVERGED, divergence.step
    except (KeyboardInterrupt, _lightning.SIGTERMException):
        raise
    except BaseException as error:  # sys.exit() in the user's loss ends its run, not the others
        record.error = failures.described(error)
    finally:
        for watcher in learner.watchers:
            watcher.closed(learner.view)


def _batches(
    trainer: pl.Trainer, learner: Learner, settings: RunSettings, steps_done: int
) -> TrainingBatches:
    view, device = learner.view, trainer.strategy.root_device
    epochs_done = steps_done // steps_per_epoch(settings, view.task)
    return TrainingBatches(
        view.task.on(device)["train"],
        lambda targets: view.task.kind.encode(targets, view.criterion.form),
        batch_size=settings.trainer.batch_size,
        evaluations=view.evaluations,
        seed=settings.seed,
        device=device,
        epoch=lambda: epochs_done + learner.current_epoch,
        num_workers=settings.trainer.num_workers,
        steps_done=steps_done,
        process=lambda: (trainer.global_rank, trainer.world_size),
    )


def steps_per_epoch(settings: RunSettings, task: Task) -> int:
    """Optimiser steps of an epoch; the last mini-batch may be smaller."""
    return -(-len(task.splits["train"]) // settings.trainer.batch_size)
