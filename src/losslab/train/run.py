"""One run: its settings in, one record and one TensorBoard log out.

Reads like a table of contents; the parts are one level below. Knows nothing about sweeps, comparisons or
claims.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from losslab.config.settings import RunSettings
from losslab.look._tensorboard import quiet_writer_threads
from losslab.look.internal_errors import InternalErrors
from losslab.look.watcher import Training
from losslab.records import Record, environment
from losslab.support import torch_settings
from losslab.train import _lightning, closing, opening, threads
from losslab.train.clock import Clock
from losslab.train.evaluation import Evaluation
from losslab.train.learner import Learner
from losslab.train.parts import build
from losslab.train.schedule import scheduler_maker
from losslab.train.trainer import make_trainer, train
from losslab.train.watchers import make_watchers


@quiet_writer_threads()
def run(
    settings: RunSettings,
    overrides: list[str],
    folder: Path,
    console: Console | None = None,
    rehearse: bool = False,
) -> Record:
    """Trains one run and writes its record to `folder`, even if the run diverges or fails.

    Raises UserError, and writes nothing, if the settings cannot be run at all.

    Args:
        console: where the progress bar goes; None for none.
        rehearse: try the loss in a child process first, see `rehearsal.py`.
    """
    clock, errors = Clock(), InternalErrors()
    parts = build(settings, rehearse)
    record = opening.new_record(settings, overrides, folder.name, parts)
    scheduler = scheduler_maker(settings.scheduler, settings.choices["scheduler"], record.planned_steps)
    checkpoint = opening.find_checkpoint(settings, record, parts, folder, clock)
    evaluation = Evaluation(
        settings.task.targets, resumes=record.resumed_at > 0, scales=settings.temperature_scaling
    )
    watchers = make_watchers(settings, record, evaluation, checkpoint, errors, console)
    with _lightning.quiet(), threads.chosen(settings.trainer, parts.network, parts.task):
        logger, logbook = opening.open_log(settings.logger, record, folder, errors)
        view = Training(parts.task, parts.network, parts.criterion, settings.trainer, logbook)
        learner = Learner(view, parts.optimizer, scheduler, watchers)
        trainer = make_trainer(settings, logger, parts.task, record.resumed_at)
        clock.ready()
        with torch_settings.kept() as changed_settings:
            train(trainer, learner, settings, record)
        record.environment = environment.describe(trainer.strategy.root_device)
    record.evaluations = view.evaluations.recorded()
    record.metrics, record.targets, record.steps = evaluation.latest, evaluation.targets, view.step
    record.temperature, record.reliability = evaluation.temperature, evaluation.reliability
    record.timing = clock.timing(view.seconds, evaluation.seconds, checkpoint.seconds if checkpoint else 0.0)
    closing.diagnose(record, parts, logbook, changed_settings)
    closing.finish_tensorboard(record, logbook, logger)
    if trainer.is_global_zero:  # only one of several processes writes
        closing.write(record, logbook, folder)
    return record
