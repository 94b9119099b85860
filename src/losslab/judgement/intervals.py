"""Statistics over seeds: small pure functions on plain numbers, one value per run.

Not here: which number a diverged or failed run counts with (`outcomes.py`), and how numbers are shown
(`report/`). A run without a value is NaN and left out; infinities are left out too. The intervals are
Student's: exact for normal values, adequate for the few seeds that are affordable, and not corrected for
comparing several arms at once.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special  # scipy.stats takes half a second to import

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean and the ends of its interval, in the unit of the values.

    `n` is the number of values. n=0: all NaN. n=1: a mean, whose interval is NaN.
    """

    mean: float
    low: float
    high: float
    n: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


@dataclasses.dataclass(frozen=True)
class StepsToTarget:
    """Median steps to a target over `n` runs; None if at least half of them never reached it."""

    median: float | None
    reached: int
    n: int


def mean_interval(values: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """Mean with Student's t interval: mean ± t(n-1) × s/√n.

    Args:
        values: shape (runs,); NaN for a run without a value, which is left out.
        confidence: share of such intervals that contain the true mean.

    Equal values give an interval of width 0, which says nothing about other seeds.
    Source: the interval of `scipy.stats.ttest_1samp`, without its warning about equal values.
    """
    present = _present(values)
    n = present.size
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    if n == 1:
        return Estimate(float(present[0]), math.nan, math.nan, 1)
    if present.min() == present.max():  # exactly; a mean over equal floats can be off by a bit
        value = float(present[0])
        return Estimate(value, value, value, n)
    mean = float(present.mean())
    half = float(special.stdtrit(n - 1, (1 + confidence) / 2)) * standard_error(present)
    return Estimate(mean, mean - half, mean + half, n)


def paired_difference(values: pd.Series, reference: pd.Series, confidence: float = CONFIDENCE) -> Estimate:
    """Mean of `values` - `reference` over the seeds that both have, with its t interval.

    Pairing removes the effect of a seed on both arms (its initial weights, its order of batches).

    Args:
        values: one value per run, indexed by seed; NaN for a run without a value.
        reference: the same for the arm that is compared with.

    Raises ValueError for a seed that occurs twice in one arm: the pair would be ambiguous.
    Source: the interval of `scipy.stats.ttest_rel`.
    """
    for series in (values, reference):
        if not series.index.is_unique:
            doubled = sorted(set(series.index[series.index.duplicated()]))
            raise ValueError(f"seeds {doubled} occur more than once in one arm")
    shared = values.index.intersection(reference.index, sort=False)
    first = values.loc[shared].to_numpy(dtype=float)
    second = reference.loc[shared].to_numpy(dtype=float)
    return mean_interval(first - second, confidence)


def steps_to_target(steps: ArrayLike) -> StepsToTarget:
    """Median over runs of the steps to a target, where a run that never reached it counts as infinite.

    Args:
        steps: shape (runs,), in optimiser steps, as `Outcomes.reached` has them: infinity if the target
            was not reached, NaN for a run without a value, which is left out.

    Unlike a mean over the runs that did reach it, this does not reward an arm for its failed runs.
    """
    numbers = np.atleast_1d(np.asarray(steps, dtype=float))
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return StepsToTarget(None, 0, 0)
    middle = float(np.median(numbers))
    reached = int(np.isfinite(numbers).sum())
    return StepsToTarget(middle if math.isfinite(middle) else None, reached, numbers.size)


def standard_error(values: np.ndarray) -> float:
    """Of the mean of at least two values."""
    return float(values.std(ddof=1)) / math.sqrt(values.size)


def median(values: ArrayLike) -> float:
    """The median over the runs that have a value; NaN if none has."""
    present = _present(values)
    return float(np.median(present)) if present.size else math.nan


def _present(values: ArrayLike) -> np.ndarray:
    numbers = np.atleast_1d(np.asarray(values, dtype=float))
    return numbers[np.isfinite(numbers)]
