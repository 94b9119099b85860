"""What a run writes to TensorBoard besides scalars: texts, and hyperparameters with results."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from pytorch_lightning.loggers import TensorBoardLogger

from losslab.look import findings
from losslab.look.internal_errors import sentence
from losslab.records import Record

# Groups that do not change the result, or have their own columns.
NO_COLUMNS = ("diagnostics", "experiment", "logger", "trainer")
# Columns only if they were chosen: TensorBoard shows the first five by name, and the loss must be among them.
SELDOM = ("averaging", "scheduler")


def write_config(writer: Any, config: Mapping[str, Any]) -> None:
    """The resolved config as an indented block, which TensorBoard shows as code."""
    text = html.escape(OmegaConf.to_yaml(OmegaConf.create(dict(config))), quote=False)
    writer.add_text("config", "\n".join(f"    {line}" for line in text.splitlines()), 0)


def write_findings(writer: Any, record: Record) -> None:
    """The findings as Markdown, and separately the parts of losslab that failed."""
    writer.add_text("findings", findings.as_markdown(record.findings), record.steps)
    if record.internal_errors:
        lines = [f"- {findings.escaped(sentence(error))}" for error in record.internal_errors]
        writer.add_text("internal_errors", "\n".join(lines), record.steps)


def write_hyperparameters(logger: TensorBoardLogger, record: Record) -> None:
    """One row of the HParams page. Every run has the same columns, even without a result."""
    config, given = record.config, {override.partition("=")[0] for override in record.overrides}
    hidden = {*NO_COLUMNS, *(group for group in SELDOM if group not in given)}
    groups = record.choices.keys() - hidden
    hyperparameters: dict[str, Any] = {
        **{group: record.choices[group] for group in sorted(groups)},
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
