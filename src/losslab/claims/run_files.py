"""The files beside a run's record, for measures that need more than the frame: curves and diagnostics."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pandas as pd

from losslab import records
from losslab.look.measurements import load_measurements


class RunFiles:
    """The files in a run's folder, each read once, on first use. A missing file counts as empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @functools.cached_property
    def diagnostics(self) -> pd.DataFrame:
        return load_measurements(self.folder)

    def curve(self, split: str, metric: str) -> pd.Series:
        """Finite values by optimiser step; empty if there are none."""
        try:
            return records.load_curve(self.folder, split, metric)
        except (OSError, ValueError):
            return pd.Series(dtype=float)

    def layers(self, quantity: str) -> pd.DataFrame:
        """A measured quantity: one row per step, one column per layer, from the inputs to the outputs."""
        rows = self.diagnostics[self.diagnostics["quantity"] == quantity]
        table = rows.pivot_table(index="step", columns="layer", values="value", sort=False)
        return table[sorted(table.columns, key=_layer_number)]

    def hidden_layers(self, quantity: str) -> pd.DataFrame:
        """The same for hidden layers alone: without `all`, and without the output layer of a gradient."""
        table = self.layers(quantity)
        table = table[[name for name in table.columns if name.startswith("layer_")]]
        return table.iloc[:, :-1] if quantity in ("gradient_norm", "update_ratio") else table


def _layer_number(name: Any) -> tuple[int, str]:
    digits = str(name).rpartition("_")[2].partition(".")[0]  # "layer_1.2" is its second activation
    return (int(digits) if digits.isdigit() else -1), str(name)
