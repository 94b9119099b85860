"""`diagnostics.csv`, the numbers that diagnostics measured of a run's layers: its columns, and reading it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

DIAGNOSTICS_FILE = "diagnostics.csv"
MEASUREMENT_COLUMNS = ["step", "quantity", "layer", "value"]


def load_measurements(folder: Path) -> pd.DataFrame:
    """A run's diagnostics.csv; without rows if diagnostics were off or the file is not such a table."""
    types = {"step": int, "quantity": str, "layer": str, "value": float}
    try:
        return pd.read_csv(folder / DIAGNOSTICS_FILE)[MEASUREMENT_COLUMNS].astype(types)
    except (OSError, ValueError, TypeError, KeyError):
        return pd.DataFrame(columns=MEASUREMENT_COLUMNS).astype(types)
