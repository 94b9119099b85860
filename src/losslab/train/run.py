"""One run: its settings in, one record and one TensorBoard log out.

Reads as a table of contents; the parts are one level below. Knows nothing of sweeps, comparisons and claims.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from losslab import records
from losslab.config.identity import identities
from losslab.config.settings import RunSettings
from losslab.look._tensorboard import quiet_writer_threads
from losslab.look.event_files import RunLogger
from losslab.look.internal_errors import InternalErrors
from losslab.look.logbook import Logbook
from losslab.look.watcher import Training
from losslab.records import DIVERGED, FAILED, FINISHED, Record, environment
from losslab.train import _lightning, closing, failures
from losslab.train.checkpoint import Checkpoint
from losslab.train.clock import Clock
from losslab.train.evaluation import Evaluation
from losslab.train.learner import Diverged, Learner
from losslab.train.parts import Parts, build
from losslab.train.trainer import make_trainer, steps_per_epoch, train
from losslab.train.watchers import hung_on


@quiet_writer_threads()
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
    clock = Clock()
    parts = build(settings)
    record = _begun(settings, overrides, folder.name, parts)
    checkpoint = _checkpoint(settings, record, parts, folder, clock)
    evaluation = Evaluation(settings.task.targets, resumes=record.resumed_at > 0)
    errors = InternalErrors()
    watchers = hung_on(settings, record, evaluation, checkpoint, errors, console)
    records.remove_unfinished(folder)
    with _lightning.quiet():
        logger = RunLogger(folder, record.resumed_at)
        logbook = Logbook(logger, errors)
        view = Training(parts.task, parts.network, parts.criterion, settings.trainer, logbook)
        learner = Learner(view, parts.optimizer, watchers)
        trainer = make_trainer(settings, logger, parts.task, record.resumed_at)
        clock.ready()
        try:
            train(trainer, learner, settings, record.resumed_at)
            record.status = FINISHED
        except Diverged as divergence:
            record.status, record.diverged_at = DIVERGED, divergence.step
        except Exception as error:
            record.error = failures.described(error)
    record.metrics, record.targets, record.steps = evaluation.latest, evaluation.targets, view.step
    record.environment = environment.describe(trainer.strategy.root_device)
    record.timing = clock.timing(view.seconds, evaluation.seconds, checkpoint.seconds if checkpoint else 0.0)
    closing.diagnose(record, parts, logbook)
    closing.finish_tensorboard(record, logbook, logger)
    if trainer.is_global_zero:  # of several processes one writes
        closing.write(record, logbook, folder)
    return record


def _begun(settings: RunSettings, overrides: list[str], name: str, parts: Parts) -> Record:
    """The record of a run that has not come to anything yet."""
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


def _checkpoint(
    settings: RunSettings, record: Record, parts: Parts, folder: Path, clock: Clock
) -> Checkpoint | None:
    """Where the run goes on, and where its progress is kept; None where it keeps none."""
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
