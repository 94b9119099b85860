"""One run: a resolved config in, one record and one TensorBoard log out.

Reads as a table of contents; the parts are one level below. Knows nothing of sweeps, comparisons and claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from losslab.look._tensorboard import quiet_writer_threads
from losslab.look.internal_errors import InternalErrors
from losslab.look.watcher import Training
from losslab.records import Record, environment
from losslab.train import _lightning, closing, opening
from losslab.train.clock import Clock
from losslab.train.evaluation import Evaluation
from losslab.train.learner import Learner
from losslab.train.parts import build
from losslab.train.trainer import make_trainer, train
from losslab.train.watchers import make_watchers


@quiet_writer_threads()
def run(
    config: dict[str, Any],
    choices: Mapping[str, str],
    overrides: list[str],
    folder: Path,
    console: Console | None = None,
) -> Record:
    """Train one run and write its record to `folder`; one that diverges or fails has a record too.

    Raises UserError, and writes nothing, where the config cannot be run at all.

    Args:
        config: resolved and checked, see `config/settings.py`.
        console: where the progress bar goes; None for none.
    """
    clock, errors = Clock(), InternalErrors()
    parts = build(config, choices)
    record = opening.new_record(config, choices, overrides, folder.name, parts)
    checkpoint = opening.find_checkpoint(record, parts, folder, clock)
    evaluation = Evaluation(config["task"].get("targets") or [], resumes=record.resumed_at > 0)
    watchers = make_watchers(record, evaluation, checkpoint, errors, console)
    with _lightning.quiet():
        logger, logbook = opening.open_log(record, folder, errors)
        view = Training(parts.task, parts.network, parts.criterion, config["trainer"], logbook)
        learner = Learner(view, parts.optimizer, watchers)
        trainer = make_trainer(record, logger, parts.task)
        clock.ready()
        train(trainer, learner, record)
    record.metrics, record.targets, record.steps = evaluation.latest, evaluation.targets, view.step
    record.environment = environment.describe(trainer.strategy.root_device)
    record.timing = clock.timing(view.seconds, evaluation.seconds, checkpoint.seconds if checkpoint else 0.0)
    closing.diagnose(record, parts, logbook)
    closing.finish_tensorboard(record, logbook, logger)
    if trainer.is_global_zero:  # of several processes one writes
        closing.write(record, logbook, folder)
    return record
