"""Another of Lightning's loggers beside TensorBoard, e.g. MLflow: the config group `logger`.

It is only for looking: what goes wrong in it is an internal error of the run and costs no result.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytorch_lightning.loggers import Logger

from losslab.config.instantiation import make
from losslab.config.settings import LoggerSettings
from losslab.look.internal_errors import InternalErrors
from losslab.records import FINISHED, Record

PART = "the logger"  # in internal errors


class AnotherLogger:
    """Sends curves, settings and results to a logger of Lightning's."""

    def __init__(self, logger: Logger, errors: InternalErrors) -> None:
        self._logger = logger
        self._errors = errors

    @classmethod
    def of(cls, settings: LoggerSettings, record: Record, errors: InternalErrors) -> AnotherLogger | None:
        """None without one. Raises UserError if it cannot be made, e.g. because its package is missing."""
        if settings.more is None:
            return None
        target = settings.more
        if settings.name_as is not None:
            target = target.with_arguments(**{settings.name_as: record.name})
        made = cls(make(target, where=f"logger={record.choices.get('logger', 'custom')}"), errors)
        with errors.contained(PART):
            made._logger.log_hyperparams({**record.choices, **record.config})
        return made

    def add(self, step: int, values: Mapping[str, float]) -> None:
        with self._errors.contained(PART):
            self._logger.log_metrics(dict(values), step)

    def finish(self, record: Record) -> None:
        """Sends the test metrics and closes the run there."""
        with self._errors.contained(PART):
            tested = record.metrics.get("test", {})
            final = {f"final/{name}": value for name, value in tested.items() if isinstance(value, float)}
            self._logger.log_metrics(final, record.steps)
            self._logger.finalize("success" if record.status == FINISHED else "failed")
            # W&B would put the next run of this process into this one
            experiment = getattr(self._logger, "experiment", None)
            if callable(finish := getattr(experiment, "finish", None)):
                finish()
