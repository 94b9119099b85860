"""`curves.csv`: the values of a run's curves by optimiser step; and when a value reaches a target."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

CURVES_FILE = "curves.csv"
CURVE_COLUMNS = ["step", "seconds", "split", "metric", "value"]
_ROUNDING = 4 * 2.0**-23  # relative: metrics are float32, in which an accuracy of 0.9 is 0.89999998


def reaches(values: ArrayLike, target: float, higher_is_better: bool) -> np.ndarray:
    """Which values are at least as good as the target, or equal to it but for float32's rounding."""
    numbers, rounding = np.asarray(values, dtype=float), _ROUNDING * abs(target)
    return numbers >= target - rounding if higher_is_better else numbers <= target + rounding


def load_curves(folder: Path) -> pd.DataFrame:
    """The run's curves, one row per value: step, seconds, split, metric, value."""
    return pd.read_csv(folder / CURVES_FILE)


def load_curve(folder: Path, split: str, metric: str) -> pd.Series:
    """The finite values of one curve by step, ascending. Raises OSError or ValueError as pandas would.

    Does not use pandas' reader, which is too slow for a report on thousands of runs.
    """
    values: dict[int, float] = {}
    with (folder / CURVES_FILE).open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            columns = [header.index(name) for name in ("step", "split", "metric", "value")]
            step_at, split_at, metric_at, value_at = columns
            for row in reader:
                if row[split_at] == split and row[metric_at] == metric:
                    number = float(row[value_at] or "nan")
                    if math.isfinite(number):
                        values[int(float(row[step_at]))] = number
        except (IndexError, csv.Error) as error:
            raise ValueError(f"{folder / CURVES_FILE} is damaged: {error}") from None
    return pd.Series(values, dtype=float, index=pd.Index(values, dtype=int)).sort_index()
