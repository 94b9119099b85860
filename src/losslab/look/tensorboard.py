"""What a run writes to TensorBoard beside its scalars: the config as text, hyperparameters with results."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from pytorch_lightning.loggers import TensorBoardLogger

from losslab.look import findings
from losslab.records import Record

# Groups that change nothing in the result, or have columns of their own.
NO_COLUMNS = ("diagnostics", "experiment", "trainer")


EVENTS_SUFFIX = ".losslab"  # ends the names of event files that are ours


class RunLogger(TensorBoardLogger):
    """Lightning's logger with one event file a run: it stays open from the first step to the last result."""

    def __init__(self, folder: Path, steps_done: int = 0) -> None:
        """Of the events that an interrupted start left, those up to `steps_done` stay valid."""
        if steps_done == 0:
            for events in folder.glob(f"events.out.tfevents.*{EVENTS_SUFFIX}"):
                events.unlink()
        options: dict[str, Any] = {"filename_suffix": EVENTS_SUFFIX}
        if steps_done:
            options["purge_step"] = steps_done + 1
        super().__init__(folder, name="", version="", default_hp_metric=False, **options)

    def finalize(self, status: str) -> None:
        """Called by Lightning after fit and again after test; only flushes."""
        with contextlib.suppress(OSError):  # a full disk ends no training; close() meets the error again
            self.experiment.flush()

    def save(self) -> None:
        """No hparams.yaml: record.json holds the config."""

    def close(self) -> None:
        self.experiment.close()


def write_config(writer: Any, config: Mapping[str, Any]) -> None:
    """The resolved config as an indented block, which TensorBoard shows as code."""
    text = html.escape(OmegaConf.to_yaml(OmegaConf.create(dict(config))), quote=False)
    writer.add_text("config", "\n".join(f"    {line}" for line in text.splitlines()), 0)


def write_findings(writer: Any, record: Record) -> None:
    """What the diagnosis says in words, as Markdown."""
    writer.add_text("findings", findings.as_markdown(record.findings), record.steps)


def write_hyperparameters(logger: TensorBoardLogger, record: Record) -> None:
    """One row of the HParams page. Every run has the same columns, also where it has no result."""
    config = record.config
    hyperparameters: dict[str, Any] = {
        **{group: name for group, name in sorted(record.choices.items()) if group not in NO_COLUMNS},
        "seed": record.seed,
        "learning_rate": config["optimizer"].get("lr", float("nan")),
        "batch_size": config["trainer"]["batch_size"],
        "max_epochs": config["trainer"]["max_epochs"],
    }
    known = set(record.choices) | {"seed", "optimizer.lr", "trainer.batch_size", "trainer.max_epochs"}
    for override in record.overrides:
        key, _, value = override.lstrip("+").partition("=")
        if key not in known and "." in key:
            hyperparameters[key] = value
    metrics = {
        f"final/{record.metric}_{split}": _number(record.primary(split)) for split in ("test", "validation")
    }
    for target in record.targets:
        metrics[f"final/steps_to_{target.value:g}"] = _number(target.step)
    metrics["final/diverged"] = float(record.diverged_at is not None)
    logger.log_hyperparams(hyperparameters, metrics, step=record.steps)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
