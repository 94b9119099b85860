"""Records made by hand: what a trainer would leave, in milliseconds and with the numbers a test wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from losslab import records
from losslab.records import CURVE_COLUMNS, Record, Target


def fabricate(loss: str = "mse", seed: int = 0, value: float | None = 0.9, **changes: Any) -> Record:
    """A finished run of `loss`; `changes` are fields of the record, and `task`, `lr`, `model`."""
    task, lr = changes.pop("task", "digits"), changes.pop("lr", 0.001)
    model = changes.pop("model", "mlp")
    choices = {"loss": loss, "task": task, "model": model, "optimizer": "adam"} | changes.pop("choices", {})
    config = {
        "task": {"kind": "multiclass", "name": task},
        "loss": {"loss": {"_target_": f"torch.nn.{loss}"}},
        "optimizer": {"lr": lr},
        "trainer": {"max_epochs": 20},
        "seed": seed,
        "folder": f"/elsewhere/{loss}/{seed}",
    } | changes.pop("config", {})
    arm = digest({"choices": choices, **{k: v for k, v in config.items() if k not in ("seed", "folder")}})
    fields: dict[str, Any] = {
        "identity": digest([arm, seed]),
        "arm_identity": arm,
        "task_identity": digest(config["task"]),
        "name": f"{loss},seed={seed}",
        "seed": seed,
        "choices": choices,
        "overrides": [f"loss={loss}", f"seed={seed}"],
        "config": config,
        "status": records.FINISHED,
        "metric": "accuracy",
        "metrics": {"test": {"accuracy": value, "loss": 0.1}, "validation": {"accuracy": value}},
        "targets": [Target(0.9, 120 + seed, 1.5), Target(0.99)],
        "steps": 640,
    }
    if changes.get("error"):
        changes["error"] = {"traceback": "", **changes["error"]}
    if changes.get("status", records.FINISHED) != records.FINISHED:
        fields["metrics"] = {}
        fields["targets"] = []
    return Record(**(fields | changes))


def curves_of(values: Iterable[float], metric: str = "accuracy", every: int = 20) -> pd.DataFrame:
    rows = [
        {
            "step": every * place,
            "seconds": 0.1 * place,
            "split": "validation",
            "metric": metric,
            "value": value,
        }
        for place, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=CURVE_COLUMNS)


def write(record: Record, folder: Path, curves: Iterable[float] | None = (0.1, 0.5, 0.8)) -> Path:
    """As `records.save` writes them, without waiting for the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / records.RECORD_FILE).write_text(record.model_dump_json())
    if curves is not None:
        curves_of(curves, record.metric).to_csv(folder / records.CURVES_FILE, index=False)
    return folder


def write_all(made: Iterable[Record], sweep: Path) -> list[Path]:
    """Each in its own folder below `sweep`, named so that the order of paths is not the order given."""
    return [write(record, sweep / f"{record.identity}") for record in made]


def plan(made: Iterable[Record], sweep: Path, **judging: Any) -> None:
    """The sweep's plan, in the order given, and how it is judged."""
    runs = [
        {
            "folder": record.identity,
            **{
                key: getattr(record, key)
                for key in ("identity", "arm_identity", "task_identity", "seed", "name")
            },
        }
        for record in made
    ]
    sweep.mkdir(parents=True, exist_ok=True)
    written = {"schema_version": 1, "runs": runs, "judging": judging or None}
    (sweep / "sweep.json").write_text(json.dumps(written))


def digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
