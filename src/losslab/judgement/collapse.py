"""Runs that collapsed: far worse than their arm's typical run, as with a softmax in front of cross-entropy.

One collapsed run in ten makes every interval of a mean useless. So collapse is a separate outcome: its
share is reported beside the difference, and the difference is that of the runs that did not collapse.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # scipy.stats takes half a second to import

SPREADS = 6.0  # robust standard deviations below the median: one normal value in a billion
MARGINS = 3.0  # and at least this many margins: a small drop is not a collapse
FEWEST = 5  # runs, for a meaningful median and spread


def collapsed(values: ArrayLike, higher_is_better: bool, margin: float | None = None) -> np.ndarray:
    """Which runs of one arm collapsed, as a boolean array (runs,).

    A run collapsed if its value is worse than the arm's median by more than SPREADS robust standard
    deviations (scaled median absolute deviation) and by more than MARGINS margins.

    Args:
        values: shape (runs,), in the metric's unit; NaN is a run without a value, which has not collapsed.
        margin: the smallest difference that matters, in the same unit; None for none.
    """
    numbers = np.asarray(values, dtype=float)
    present = numbers[np.isfinite(numbers)]
    if present.size < FEWEST:
        return np.zeros(numbers.shape, dtype=bool)
    spread = float(np.median(np.abs(present - np.median(present))) / special.ndtri(0.75))
    limit = max(SPREADS * spread, MARGINS * (margin or 0.0))
    if limit == 0.0:  # more than half of the runs are equal, and there is no margin
        return np.zeros(numbers.shape, dtype=bool)
    worse = np.median(present) - numbers if higher_is_better else numbers - np.median(present)
    return worse > limit  # false for NaN
