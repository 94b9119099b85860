"""The watchers of a run: averages, evaluation and curves, diagnostics and pictures, and the checkpoint."""

from __future__ import annotations

from rich.console import Console

from losslab.config.instantiation import make
from losslab.config.settings import DiagnosticsSettings, RunSettings
from losslab.errors import UserError
from losslab.look.contained import Contained
from losslab.look.internal_errors import InternalErrors
from losslab.look.pictures import Pictures
from losslab.look.watcher import Watcher
from losslab.records import Record
from losslab.train.averaging import Averaging
from losslab.train.batch_losses import BatchLosses
from losslab.train.checkpoint import Checkpoint
from losslab.train.evaluation import Evaluation
from losslab.train.progress import StepProgress


def make_watchers(
    settings: RunSettings,
    record: Record,
    evaluation: Evaluation,
    checkpoint: Checkpoint | None,
    errors: InternalErrors,
    console: Console | None,
) -> list[Watcher]:
    """All watchers of a run, in the order in which they are told of events.

    Args:
        errors: collects the errors of diagnostics and pictures, which may fail.
        console: where the progress bar goes; None for none.

    Raises UserError if a diagnostic of the config cannot be made.
    """
    average: dict[str, Watcher] = {}
    if settings.averaging.method is not None:  # before all that evaluate
        average["averaging"] = Averaging(settings.averaging, record.planned_steps)
    looks: dict[str, Watcher] = _diagnostics(settings.diagnostics)
    if settings.pictures is not None:
        looks["pictures"] = Pictures(record.planned_steps, settings.pictures)
    if console is not None and console.is_terminal:
        looks["progress"] = StepProgress(console, record.name, record.planned_steps, evaluation)
    named: dict[str, Watcher] = average | {
        name: Contained(watcher, errors) for name, watcher in looks.items()
    }
    named |= {"batch losses": BatchLosses(), "evaluation": evaluation}
    if checkpoint is None:
        return list(named.values())
    checkpoint.keeps = named
    return [*named.values(), checkpoint]


def _diagnostics(settings: DiagnosticsSettings) -> dict[str, Watcher]:
    made: dict[str, Watcher] = {}
    for name, callback in settings.callbacks.items():
        where = f"diagnostics.callbacks.{name}"
        watcher = make(callback, where=where)
        if not isinstance(watcher, Watcher):
            raise UserError(
                f"{where}={callback.target} is not a diagnostic: derive it from "
                "losslab.look.diagnostics.base.Diagnostic or losslab.look.watcher.Watcher"
            )
        made[f"diagnostics.{name}"] = watcher
    return made
