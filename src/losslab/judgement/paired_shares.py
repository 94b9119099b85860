"""Two shares over the same seeds: did arm A diverge, or collapse, more often than arm B?

Only the seeds in which the two differ say anything. Exact: no normal approximation, which eight seeds would
not support. Shares of a single arm are in `evidence.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from losslab.judgement.evidence import Evidence
from losslab.judgement.intervals import CONFIDENCE, Estimate

NUISANCE = 101  # points of the grid for the unknown share of the other discordant outcome
_EQUAL = 1e-9  # statistics that differ by less are ties


@dataclasses.dataclass(frozen=True)
class Discordant:
    """The seeds with an outcome in one arm only: `first` alone, `second` alone, of `n` seeds."""

    first: int
    second: int
    n: int

    @classmethod
    def of(cls, differences: ArrayLike) -> Discordant:
        """Args: differences: shape (n,), one per seed: 1, 0 or -1."""
        numbers = np.asarray(differences, dtype=float)
        if not np.isin(numbers, (-1.0, 0.0, 1.0)).all():
            raise ValueError("differences of yes-or-no outcomes are 1, 0 or -1")
        return cls(int((numbers > 0).sum()), int((numbers < 0).sum()), numbers.size)

    @property
    def reversed(self) -> Discordant:
        return Discordant(self.second, self.first, self.n)


def p_above(seeds: Discordant, margin: float) -> float:
    """One-sided p-value that the first share exceeds the second by more than `margin`, in (-1, 1).

    The unconditional exact test: the probability of data that are at least as extreme, by Tango's score,
    at the least favourable share of discordant seeds. With margin 0 it is the exact form of McNemar's test
    that does not condition on the number of discordant seeds, and so loses less to it.

    Source: Hsueh, Liu & Chen 2001, https://doi.org/10.1111/j.0006-341X.2001.00478.x; the score: Tango 1998,
    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C891::AID-SIM780%3E3.0.CO;2-B; margin 0: Suissa &
    Shuster 1991, Biometrics 47, 361.
    """
    if not seeds.n or margin >= 1:
        return 1.0
    if margin <= -1:
        return 0.0
    first, second, coefficients = _outcomes(seeds.n)
    scores = _score(first, second, seeds.n, margin)
    extreme = scores >= _score(np.array([seeds.first]), np.array([seeds.second]), seeds.n, margin)[0] - _EQUAL
    only_second = np.linspace(max(0.0, -margin), (1 - margin) / 2, NUISANCE)[:, None]
    only_first = np.clip(only_second + margin, 0.0, 1.0)
    neither = np.clip(1 - only_first - only_second, 0.0, 1.0)
    a, b = first[extreme], second[extreme]
    logs = coefficients[extreme] + special.xlogy(a, only_first) + special.xlogy(b, only_second)
    logs += special.xlogy(seeds.n - a - b, neither)
    return min(1.0, float(np.exp(logs).sum(axis=1).max()))


def paired_share_evidence(differences: ArrayLike, low: float | None, high: float | None) -> Evidence:
    """The evidence that the first share minus the second lies within [low, high]; None: no such margin.

    Args:
        differences: shape (n,), one per seed: outcome of the first arm (0 or 1) minus that of the second.
    """
    seeds = Discordant.of(differences)
    above_low = 0.0 if low is None else p_above(seeds, low)
    below_high = 0.0 if high is None else p_above(seeds.reversed, -high)
    below_low = 1.0 if low is None else p_above(seeds.reversed, -low)
    above_high = 1.0 if high is None else p_above(seeds, high)
    return Evidence(min(1.0, 2 * max(above_low, below_high)), min(1.0, 2 * min(below_low, above_high)))


def paired_share_interval(differences: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The first share minus the second, with the interval that the test above gives."""
    seeds = Discordant.of(differences)
    if not seeds.n:
        return Estimate(math.nan, math.nan, math.nan, 0)
    level = (1 - confidence) / 2
    difference = (seeds.first - seeds.second) / seeds.n
    low = _end(seeds, difference, level)
    high = -_end(seeds.reversed, -difference, level)
    return Estimate(difference, low, high, seeds.n)


def _end(seeds: Discordant, difference: float, level: float) -> float:
    """The largest margin that the first share is shown to exceed."""
    from scipy.optimize import brentq  # slow to import, and few commands need it

    if difference <= -1:
        return -1.0
    root = brentq(lambda margin: p_above(seeds, margin) - level, -1.0, difference, xtol=1e-4)
    return float(root)


@functools.lru_cache(maxsize=16)
def _outcomes(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All numbers of discordant seeds of either kind, and the logarithm of how many ways lead there."""
    first, second = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    possible = first + second <= n
    first, second = first[possible], second[possible]
    ways = special.gammaln(n + 1) - special.gammaln(first + 1) - special.gammaln(second + 1)
    return first, second, ways - special.gammaln(n - first - second + 1)


def _score(first: np.ndarray, second: np.ndarray, n: int, margin: float) -> np.ndarray:
    """Tango's statistic: the difference beyond the margin over its standard error at that margin."""
    # the likeliest share of seeds with only the second outcome, if the true difference were the margin
    linear = -first - second + (2 * n - first + second) * margin
    constant = -second * margin * (1 - margin)
    share = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = np.maximum(n * (2 * share + margin * (1 - margin)), 0.0)
    beyond = first - second - n * margin
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(beyond) < _EQUAL, 0.0, beyond / np.sqrt(variance))
