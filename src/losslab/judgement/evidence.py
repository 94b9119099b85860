"""Is a number beyond a margin? Small pure functions on paired values, one value per seed.

The intervals of means are in `intervals.py`. Not here: where the values come from, and what the answers are
used for (`losslab/claims/judge.py`).
"""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # scipy.stats takes half a second to import

from losslab.judgement.intervals import CONFIDENCE, Estimate, mean_interval, standard_error

MOST_SEEDS = 1000


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Two-sided p-values: `holds` that the mean lies within the margins, `fails` that it lies outside.

    The smaller `holds` is, the stronger the evidence that the prediction holds; holds <= 0.05 exactly when
    the 95 % interval of Student's t lies within the margins. Both are 1 if there is no evidence.
    """

    holds: float
    fails: float


@dataclasses.dataclass(frozen=True)
class Bounds:
    """Whether some of the true values may be lower, or higher, than the known ones (censoring)."""

    may_be_lower: bool = False
    may_be_higher: bool = False


def evidence(values: ArrayLike, low: float | None, high: float | None) -> Evidence:
    """The evidence of paired values that a mean lies within [low, high]; None: no margin on that side.

    Args:
        values: shape (n,), finite. Values without spread are taken as exact.

    Source: two one-sided t tests (Schuirmann 1987, https://doi.org/10.1007/BF01068419), each p doubled, so
    that they agree with the two-sided interval.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size < 2:
        return Evidence(1.0, 1.0)
    mean = float(numbers.mean())
    if numbers.min() == numbers.max():
        return exact_evidence(float(numbers[0]), low, high)
    error = standard_error(numbers)
    above_low = 0.0 if low is None else _tail(mean - low, error, numbers.size)
    below_high = 0.0 if high is None else _tail(high - mean, error, numbers.size)
    below_low = 1.0 if low is None else _tail(low - mean, error, numbers.size)
    above_high = 1.0 if high is None else _tail(mean - high, error, numbers.size)
    return Evidence(min(1.0, 2 * max(above_low, below_high)), min(1.0, 2 * min(below_low, above_high)))


def exact_evidence(value: float, low: float | None, high: float | None) -> Evidence:
    """A number that is known exactly; a number equal to the margin is within it."""
    within = (low is None or value >= low) and (high is None or value <= high)
    return Evidence(0.0, 1.0) if within else Evidence(1.0, 0.0)


def share_evidence(hits: ArrayLike, low: float | None, high: float | None) -> Evidence:
    """The evidence of yes-or-no outcomes that a share lies within [low, high].

    Args:
        hits: shape (n,), 0 or 1. Five zeros do not prove that the share is zero.

    Source: the exact binomial test, as scipy.stats.binomtest gives it.
    """
    numbers = np.asarray(hits, dtype=float)
    n, k = numbers.size, int(numbers.sum())
    if n == 0:
        return Evidence(1.0, 1.0)

    def p_value(margin: float, alternative: str) -> float:
        if not 0 < margin < 1:  # no value lies beyond the end of the range
            return 1.0
        return float(
            special.bdtrc(k - 1, n, margin) if alternative == "greater" else special.bdtr(k, n, margin)
        )

    above_low = 0.0 if low is None else p_value(low, "greater")
    below_high = 0.0 if high is None else p_value(high, "less")
    below_low = 1.0 if low is None else p_value(low, "less")
    above_high = 1.0 if high is None else p_value(high, "greater")
    return Evidence(min(1.0, 2 * max(above_low, below_high)), min(1.0, 2 * min(below_low, above_high)))


def share_interval(hits: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """A share with the exact interval of Clopper and Pearson (1934), as scipy's binomtest gives it."""
    numbers = np.asarray(hits, dtype=float)
    if not numbers.size:
        return Estimate(math.nan, math.nan, math.nan, 0)
    n, k, tail = numbers.size, int(numbers.sum()), (1 - confidence) / 2
    low = float(special.betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(special.betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Estimate(float(numbers.mean()), low, high, n)


def seeds_for_share(
    hits: ArrayLike, low: float | None, high: float | None, alpha: float = 1 - CONFIDENCE
) -> int | None:
    """About how many seeds would decide, if the share stays the same; None: more than 1000."""
    numbers = np.asarray(hits, dtype=float)
    if not numbers.size:
        return None
    share = float(numbers.mean())
    for n in range(numbers.size, MOST_SEEDS + 1):
        count = round(share * n)
        found = share_evidence([1.0] * count + [0.0] * (n - count), low, high)
        if min(found.holds, found.fails) <= alpha:
            return n
    return None


def _tail(distance: float, error: float, n: int) -> float:
    """One-sided p-value that a mean is above zero."""
    return float(special.stdtr(n - 1, -distance / error))


def with_bounds(found: Evidence, low: float | None, high: float | None, bounds: Bounds) -> Evidence:
    """The evidence that remains if some values are only bounds on the true ones.

    If true values may be lower than the given ones, nothing shows that the mean is above a margin, and the
    other way round. With both margins the evidence is the weaker of the two.
    """
    holds_needs_low, holds_needs_high = low is not None, high is not None
    if (bounds.may_be_lower and holds_needs_low) or (bounds.may_be_higher and holds_needs_high):
        found = dataclasses.replace(found, holds=1.0)
    # outside means above `high` or below `low`; with both margins it may be either
    if (bounds.may_be_lower and high is not None) or (bounds.may_be_higher and low is not None):
        found = dataclasses.replace(found, fails=1.0)
    return found


def all_of(parts: Sequence[Evidence]) -> Evidence:
    """Evidence that all parts hold (that of the weakest part), and that some part fails (Bonferroni's).

    Source: intersection-union test (Berger 1982, https://doi.org/10.1080/00401706.1982.10487790).
    """
    if not parts:
        return Evidence(1.0, 1.0)
    return Evidence(
        max(part.holds for part in parts), min(1.0, len(parts) * min(part.fails for part in parts))
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the given order: all that are at most alpha are right together with 1 - alpha.

    Source: Holm 1979, https://www.jstor.org/stable/4615733; as `statsmodels`' multipletests(method="holm").
    """
    count = len(p_values)
    order = sorted(range(count), key=lambda place: p_values[place])
    adjusted = [0.0] * count
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (count - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def bootstrap_interval(values: ArrayLike, confidence: float = CONFIDENCE, resamples: int = 4999) -> Estimate:
    """The mean with its bias-corrected and accelerated bootstrap interval; the same at each call.

    With few values it is too narrow, so it is only shown beside Student's, which decides.

    Source: Efron 1987; https://docs.scipy.org/doc/scipy/reference/generated/scipy.stats.bootstrap.html
    """
    from scipy import stats  # slow to import, and few commands need it

    numbers = np.asarray(values, dtype=float)
    if numbers.size < 2 or numbers.min() == numbers.max():
        return mean_interval(numbers, confidence)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about degenerate resamples, whose interval is NaN
        found = stats.bootstrap(
            (numbers,),
            np.mean,
            confidence_level=confidence,
            n_resamples=resamples,
            method="BCa",
            rng=np.random.default_rng(0),
        ).confidence_interval
    return Estimate(float(numbers.mean()), float(found.low), float(found.high), numbers.size)


def exponential(estimate: Estimate) -> Estimate:
    """From logarithms back to ratios: the geometric mean and its interval."""
    return Estimate(math.exp(estimate.mean), math.exp(estimate.low), math.exp(estimate.high), estimate.n)


def seeds_needed(
    values: ArrayLike, low: float | None, high: float | None, alpha: float = 1 - CONFIDENCE
) -> int | None:
    """About how many seeds would decide, if mean and spread stay the same; None: more than 1000.

    A rough guide: with few seeds the spread itself is hardly known.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size < 2:
        return None
    mean, spread = float(numbers.mean()), float(numbers.std(ddof=1))
    distances = [abs(mean - margin) for margin in (low, high) if margin is not None]
    if (low is None or mean >= low) and (high is None or mean <= high):
        distance = min(distances)  # from inside, both margins must be cleared
    else:
        distance = max(
            low - mean if low is not None else -math.inf, mean - high if high is not None else -math.inf
        )
    for n in range(max(2, numbers.size), MOST_SEEDS + 1):
        if special.stdtrit(n - 1, 1 - alpha / 2) * spread / math.sqrt(n) < distance:
            return n
    return None
