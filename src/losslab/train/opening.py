"""How a run begins: its record, its checkpoint if it continues, and its TensorBoard log."""

from __future__ import annotations

from pathlib import Path

from losslab import records
from losslab.config.identity import identities
from losslab.config.settings import LoggerSettings, RunSettings
from losslab.look import tensorboard
from losslab.look.another_logger import AnotherLogger
from losslab.look.event_files import RunLogger
from losslab.look.internal_errors import InternalErrors
from losslab.look.logbook import Logbook
from losslab.records import FAILED, Record
from losslab.train.checkpoint import Checkpoint
from losslab.train.clock import Clock
from losslab.train.parts import Parts
from losslab.train.trainer import steps_per_epoch


def new_record(settings: RunSettings, overrides: list[str], name: str, parts: Parts) -> Record:
    """The record of a run without results yet."""
    return Record(
        **identities(settings),
        name=name,
        seed=settings.seed,
        choices=settings.choices,
        overrides=overrides,
        config=settings.plain(),
        status=FAILED,
        metric=parts.task.kind.primary,
        higher_is_better=parts.task.kind.higher_is_better,
        parameters=sum(parameter.numel() for parameter in parts.network.parameters()),
        planned_steps=steps_per_epoch(settings, parts.task) * settings.trainer.max_epochs,
    )


def find_checkpoint(
    settings: RunSettings, record: Record, parts: Parts, folder: Path, clock: Clock
) -> Checkpoint | None:
    """The checkpoint, None if checkpoints are off; sets in the record the step from which the run continues.

    Raises UserError if there is a checkpoint that does not fit.
    """
    if not settings.trainer.checkpoint:
        return None
    checkpoint = Checkpoint(
        folder,
        record.identity,
        clock.started,
        steps_per_epoch=steps_per_epoch(settings, parts.task),
        last_step=record.planned_steps,
        only_at_epochs=settings.trainer.num_workers > 0,  # worker processes draw their own random numbers
    )
    checkpoint.check_fits(parts.network, parts.criterion)
    record.resumed_at = checkpoint.step
    return checkpoint


def open_log(
    settings: LoggerSettings, record: Record, folder: Path, errors: InternalErrors
) -> tuple[RunLogger, Logbook]:
    """The run's TensorBoard file, with its config, and the logbook that writes there and elsewhere."""
    another = AnotherLogger.of(settings, record, errors)
    records.remove_unfinished(folder)
    logger = RunLogger(folder, record.resumed_at)
    logbook = Logbook(logger, errors)
    logbook.another = another
    with errors.contained("TensorBoard"):
        tensorboard.write_config(logbook.writer, record.config)
    return logger, logbook
