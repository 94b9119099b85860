"""How a run ends: what its record says about results, time, machine and findings; which files it writes."""

from __future__ import annotations

from pathlib import Path

from losslab import records
from losslab.look import findings, tensorboard
from losslab.look.event_files import RunLogger
from losslab.look.logbook import Logbook
from losslab.look.measurements import DIAGNOSTICS_FILE
from losslab.records import Record
from losslab.support import torch_settings
from losslab.train.checkpoint import FILE as CHECKPOINT_FILE
from losslab.train.parts import Parts


def diagnose(record: Record, parts: Parts, logbook: Logbook, changed_settings: list[str]) -> None:
    """Adds the findings to the record.

    Args:
        changed_settings: what the training changed of torch's global settings.
    """
    floor = None
    with torch_settings.kept(), logbook.errors.contained("the loss's floor"):
        floor = findings.loss_floor(parts.criterion, parts.task)
    changed = list(dict.fromkeys([*parts.changed_settings, *changed_settings]))
    evidence = findings.Evidence(record, logbook.curves(), logbook.measurements(), floor, changed)
    record.findings = findings.diagnose(evidence, logbook.errors)


def finish_tensorboard(record: Record, logbook: Logbook, logger: RunLogger) -> None:
    """Writes findings, hyperparameters and results, and closes the file and the other logger."""
    if logbook.another is not None:
        logbook.another.finish(record)
    record.internal_errors = logbook.errors.found
    with logbook.errors.contained("TensorBoard"):
        tensorboard.write_findings(logbook.writer, record)
        tensorboard.write_hyperparameters(logger, record)
        logger.close()


def write(record: Record, logbook: Logbook, folder: Path) -> None:
    """Writes diagnostics.csv, curves.csv and, last, record.json, which makes the run complete."""
    if logbook.measured:
        with logbook.errors.contained(DIAGNOSTICS_FILE):
            measurements = logbook.measurements().to_csv(index=False)
            records.write_atomically(folder / DIAGNOSTICS_FILE, measurements)
    record.internal_errors = logbook.errors.found
    records.save(record, logbook.curves(), folder)
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
