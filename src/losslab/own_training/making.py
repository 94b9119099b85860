"""One run: a call of the user's function in, one record and one TensorBoard log out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from losslab import records
from losslab.errors import UserError, first_line
from losslab.look import findings, tensorboard
from losslab.look.event_files import RunLogger
from losslab.look.findings.divergence import divergence
from losslab.look.findings.exploding_gradients import exploding_gradients
from losslab.look.findings.stalled_loss import stalled_loss
from losslab.look.findings.vanishing_gradients import vanishing_gradients
from losslab.look.internal_errors import InternalErrors
from losslab.look.logbook import Logbook
from losslab.look.measurements import DIAGNOSTICS_FILE
from losslab.own_training import results
from losslab.own_training.arms import Arm
from losslab.own_training.random_state import restored, seed_all
from losslab.own_training.results import Metric
from losslab.own_training.run import Run
from losslab.records import DIVERGED, FINISHED, Record, environment
from losslab.support import torch_settings
from losslab.support.terminal import console
from losslab.sweep.plan import PlannedRun
from losslab.train import _lightning, failures
from losslab.train.clock import Clock
from losslab.train.summary import print_run

# The rules that need no more than what `run.log` notes, and those that need an adapter's gradient norms too.
OF_CURVES: tuple[findings.Rule, ...] = (divergence, stalled_loss)
OF_GRADIENTS: tuple[findings.Rule, ...] = (exploding_gradients, vanishing_gradients)


@dataclasses.dataclass(frozen=True)
class Maker:
    """Makes runs: the `Train` of `losslab.sweep.launchers`.

    Attributes:
        arms: of the runs, by arm identity.
    """

    train: Callable[[Run], Any]
    arms: Mapping[str, Arm]
    metric: Metric
    tuning: bool

    def __call__(self, planned: PlannedRun, sweep: Path, quiet: bool) -> None:
        """Makes the run and writes its record, also if it fails.

        Raises UserError, which ends the whole comparison, if what `train` returned cannot be compared.
        """
        folder = planned.place(sweep).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        assert planned.empty_record is not None
        record = planned.empty_record.model_copy(deep=True)
        with _lightning.quiet(), torch_settings.kept(), restored():
            wrong = self._make(record, self.arms[planned.arm_identity], folder)
        if not quiet:
            print_run(console(), record, folder, brief=True)
            if record.error is not None:
                reason = f"  {record.error['type']}: {first_line(Exception(record.error['message']))}"
                console().print(reason, markup=False, highlight=False, soft_wrap=True)
        if wrong is not None:
            raise wrong

    def _make(self, record: Record, arm: Arm, folder: Path) -> UserError | None:
        clock, errors = Clock(), InternalErrors()
        records.remove_unfinished(folder)
        logger = RunLogger(folder)
        logbook = Logbook(logger, errors)
        with errors.contained("TensorBoard"):
            tensorboard.write_config(logbook.writer, record.config)
        seed_all(record.seed)
        wrong: UserError | None = None
        run: Run | None = None
        try:
            loss = arm.made()
            seed_all(record.seed)  # a loss that draws numbers must not change the network's
            run = Run(loss, record.seed, arm.params, folder, self.tuning, logbook)
            clock.ready()
            with _lightning.keyboard_interrupt_as_such():
                returned = self.train(run)
            record.metrics = results.read(returned, self.metric, self.tuning)
            if self.metric.value(record.metrics) is None:
                wrong = self.metric.missing(record.metrics)
            record.status = FINISHED
        except UserError as error:
            wrong = error
            record.error = failures.described(error)
        except Exception as error:
            record.error = failures.described(error)
        except SystemExit as error:
            told = RuntimeError(f"train called sys.exit({error.code!r}) instead of returning its metrics")
            record.error = failures.described(told)
        if run is not None:
            record.steps = record.planned_steps = run.steps
            record.parameters, record.fingerprints = run.parameters, run.fingerprints
        _mark_divergence(record, self.metric, logbook)
        record.environment = environment.describe(_device())
        record.timing = clock.timing(time.perf_counter() - clock.started - clock.setup, 0.0, 0.0)
        evidence = findings.Evidence(record, logbook.curves(), logbook.measurements())
        rules = OF_CURVES + (OF_GRADIENTS if logbook.measured else ())
        record.findings = findings.diagnose(evidence, errors, rules)
        _close(record, logbook, logger, arm, folder)
        return wrong


def _mark_divergence(record: Record, metric: Metric, logbook: Logbook) -> None:
    """A finished run whose metric, or whose last logged training loss, is not finite has diverged."""
    losses = [
        (step, value) for step, _, split, name, value in logbook.rows if (split, name) == ("train", "loss")
    ]
    broken = [step for step, value in losses if not results.finite(value)]
    ended_broken = bool(losses) and losses[-1][0] in broken
    value = metric.value(record.metrics)
    if record.status == FINISHED and (ended_broken or (value is not None and not results.finite(value))):
        record.status = DIVERGED
        record.diverged_at = broken[0] if broken else None
        record.metrics.pop(results.TEST, None)


def _device() -> torch.device:
    """Where the training probably ran: torch starts CUDA when it is first used."""
    return torch.device("cuda" if torch.cuda.is_available() and torch.cuda.is_initialized() else "cpu")


def _close(record: Record, logbook: Logbook, logger: RunLogger, arm: Arm, folder: Path) -> None:
    record.internal_errors = logbook.errors.found
    with logbook.errors.contained("TensorBoard"):
        tensorboard.write_findings(logbook.writer, record)
        hyperparameters = {"loss": arm.name, "seed": record.seed, **record.config["params"]}
        final = record.primary("validation" if record.config["task"]["tuning"] else "test")
        number = float("nan") if final is None else final
        logger.log_hyperparams(hyperparameters, {f"final/{record.metric}": number}, step=record.steps)
        logger.close()
    if logbook.measured:
        measurements = logbook.measurements().to_csv(index=False)
        records.write_atomically(folder / DIAGNOSTICS_FILE, measurements)
    record.internal_errors = logbook.errors.found
    records.save(record, logbook.curves(), folder)
