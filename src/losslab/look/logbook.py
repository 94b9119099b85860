"""What a run logs while it trains: curve values for curves.csv, numbers of layers for diagnostics.csv.

Both are TensorBoard scalars too.

Tags are `metric/split` ("accuracy/validation"), so that TensorBoard shows the splits of a metric side by side
and all runs of a sweep in one chart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pytorch_lightning.loggers import TensorBoardLogger

from losslab.look.another_logger import AnotherLogger
from losslab.look.event_files import Writer
from losslab.look.internal_errors import InternalErrors
from losslab.look.measurements import MEASUREMENT_COLUMNS
from losslab.records import CURVE_COLUMNS


class Logbook:
    """Collects values; writes scalars to `logger` at once. `errors` holds what failed while observing."""

    def __init__(self, logger: TensorBoardLogger, errors: InternalErrors) -> None:
        self.errors = errors
        self.writer = Writer(logger.experiment, self.errors)
        self.another: AnotherLogger | None = None
        self.rows: list[tuple[int, float, str, str, float]] = []
        self.measured: list[tuple[int, str, str, float]] = []

    def add(self, step: int, seconds: float, split: str, values: Mapping[str, Any]) -> None:
        """Values of `split` after `step` optimiser steps and `seconds` of training; lists are left out."""
        numbers = {metric: value for metric, value in values.items() if isinstance(value, float)}
        for metric, value in numbers.items():
            self.rows.append((step, round(seconds, 4), split, metric, value))
            self.writer.add_scalar(f"{metric}/{split}", value, step)
        if self.another is not None:
            self.another.add(step, {f"{metric}/{split}": value for metric, value in numbers.items()})

    def measure(self, step: int, quantity: str, values: Mapping[str, float]) -> None:
        """Adds a diagnostic's result at optimiser step `step`: a quantity's value in each layer."""
        for layer, value in values.items():
            self.measured.append((step, quantity, layer, value))
            self.writer.add_scalar(f"{quantity}/{layer}", value, step)

    def state_dict(self) -> dict[str, Any]:
        """All collected values, as plain data for a checkpoint."""
        return {"rows": self.rows, "measured": self.measured, "errors": self.errors.found}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores what `state_dict` returned."""
        self.rows, self.measured = list(state["rows"]), list(state["measured"])
        self.errors.found = list(state["errors"])

    def measurements(self) -> pd.DataFrame:
        """One row per number, in the order of the columns of diagnostics.csv."""
        return pd.DataFrame(self.measured, columns=MEASUREMENT_COLUMNS)

    def curves(self) -> pd.DataFrame:
        """One row per value, in the order of the columns of curves.csv."""
        return pd.DataFrame(self.rows, columns=CURVE_COLUMNS)
