"""Where an interval lies relative to a margin: better, worse, equal or open, at one look or several.

Pure functions on paired differences, one value per seed. Boundaries for several looks are in `boundaries.py`,
names of arms and sentences in `judge.py`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import special  # scipy.stats takes half a second to import

from losslab.judgement.boundaries import nominal_levels

BETTER, WORSE, EQUAL, OPEN = "better", "worse", "equal", "open"
STAGES = (8, 12, 18, 27, 40)
ALPHA = 0.05
RHO = 1.5
MOST_SEEDS = 1000
DRAWS = 10_000
ALPHAS = (1e-6, 1e-4, 1e-3, 0.01, ALPHA, 0.2, 0.99)  # at which levels are computed, for those in between
VETO = 0.01  # one-sided p-value above which the signed-rank test vetoes a decision


@dataclasses.dataclass(frozen=True)
class Stages:
    """When a comparison is judged, and how strict each look is.

    Attributes:
        seeds: numbers of seeds at the looks, rising. One number: a single look, the usual interval.
        alpha: share of wrong decisions that all looks together may make, in (0, 1).
        rho: of the spending function alpha · t^rho; larger saves more for the later looks.
    """

    seeds: tuple[int, ...] = STAGES
    alpha: float = ALPHA
    rho: float = RHO

    def __post_init__(self) -> None:
        if (
            not self.seeds
            or self.seeds[0] < 2
            or any(b <= a for a, b in zip(self.seeds, self.seeds[1:], strict=False))
        ):
            raise ValueError(f"stages {list(self.seeds)} are wrong: give rising numbers of seeds, from 2")
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha={self.alpha} is wrong: give a number between 0 and 1")

    def shared_by(self, comparisons: int) -> Stages:
        """The stages for each of several comparisons that together may err with `alpha` (Bonferroni)."""
        return dataclasses.replace(self, alpha=self.alpha / max(1, comparisons))

    def level(self, seeds: int) -> float:
        """Two-sided level at the last look with at most that many seeds; else at the first."""
        levels = nominal_levels(self.seeds, self.alpha, self.rho)
        passed = [level for planned, level in zip(self.seeds, levels, strict=True) if planned <= seeds]
        return passed[-1] if passed else levels[0]

    def over_all_looks(self, p_value: float, seeds: int) -> float:
        """The smallest alpha at which the look at `seeds` would still decide: a repeated p-value.

        Valid at every level, not only at this plan's alpha. Interpolated between ALPHAS (within 2 %), exact
        at 5 %; in proportion below the smallest.

        Source: Jennison & Turnbull, "Group Sequential Methods with Applications to Clinical Trials" (2000),
        chapter 9.
        """
        levels = [dataclasses.replace(self, alpha=alpha).level(seeds) for alpha in ALPHAS]
        if p_value <= levels[0]:
            return p_value * ALPHAS[0] / levels[0]
        if p_value >= levels[-1]:
            return 1.0
        return float(np.exp(np.interp(math.log(p_value), np.log(levels), np.log(ALPHAS))))

    def after(self, seeds: int) -> list[int]:
        """The looks that are still to come."""
        return [planned for planned in self.seeds if planned > seeds]


@dataclasses.dataclass(frozen=True)
class Decision:
    """A mean difference, its interval, and what it decides.

    Attributes:
        decision: of BETTER, WORSE, EQUAL, OPEN. Positive differences are better.
        mean, low, high: in the unit of the differences; NaN if there are too few of them.
        n: number of pairs.
        level: two-sided level of this look; the interval's coverage is 1 - level.
        vetoed: the interval alone would have decided, but the signed-rank test did not agree.
    """

    decision: str
    mean: float
    low: float
    high: float
    n: int
    level: float
    vetoed: bool = False


def decide(
    differences: ArrayLike, margin: float | None, level: float = ALPHA, resolution: float = 0.0
) -> Decision:
    """Decides from paired differences at one look.

    The interval is Student's at this look's level. Better: it lies above the margin; worse: below minus the
    margin; equal: between the two; else open. Without a margin, zero takes its place, and nothing is equal.
    A decision stands only if the signed-rank test agrees, as far as n seeds allow, because that test resists
    a few extreme seeds. Differences without spread are not certain either: ranks alone decide them, at this
    level.

    Args:
        differences: shape (n,), finite; positive is better.
        margin: the smallest difference that matters, above 0; None: any difference.
        level: two-sided, in (0, 1): `Stages.level`.
        resolution: step of the scale on which values were measured (an evaluation interval); widens the
            spread by the effect of rounding.

    Source: repeated confidence intervals, Jennison & Turnbull 1989,
    https://doi.org/10.1111/j.2517-6161.1989.tb01433.x; signed ranks, Wilcoxon 1945.
    """
    numbers = np.asarray(differences, dtype=float)
    n = int(numbers.size)
    if n < 2:
        return Decision(OPEN, float(numbers.mean()) if n else math.nan, math.nan, math.nan, n, level)
    mean = float(numbers.mean())
    half = float(half_width(spread(numbers, resolution), n, level))
    low, high = mean - half, mean + half
    decision = _place(low, high, margin)
    if decision != OPEN and not _ranks_agree(numbers, decision, margin or 0.0, level):
        return Decision(OPEN, mean, low, high, n, level, vetoed=True)
    return Decision(decision, mean, low, high, n, level)


def spread(differences: np.ndarray, resolution: float = 0.0) -> float:
    """Standard deviation of the differences of two values that were each rounded to `resolution`."""
    return math.sqrt(float(differences.var(ddof=1)) + resolution**2 / 6)


def half_width(deviation: float, n: ArrayLike, level: ArrayLike) -> np.ndarray:
    """Half the width of Student's interval of a mean: t · s/√n, for one or several n."""
    size = np.asarray(n)
    return -special.stdtrit(size - 1, np.asarray(level) / 2) * deviation / np.sqrt(size)


def seeds_needed(
    differences: ArrayLike, margin: float | None, stages: Stages, resolution: float = 0.0
) -> int | None:
    """About how many seeds in all would decide, if mean and spread stay the same; None: more than 1000.

    Tries the coming looks first, then single looks with more seeds than the last of them.
    """
    numbers = np.asarray(differences, dtype=float)
    n = int(numbers.size)
    if n < 2 or n >= MOST_SEEDS:
        return None
    mean, deviation = float(numbers.mean()), spread(numbers, resolution)
    planned = [(seeds, stages.level(seeds)) for seeds in stages.after(n)]
    beyond = [(seeds, stages.alpha) for seeds in range(max(n, stages.seeds[-1]) + 1, MOST_SEEDS + 1)]
    sizes, levels = (np.array(column) for column in zip(*planned, *beyond, strict=True))
    halves = half_width(deviation, sizes, levels)
    for seeds, level, half in zip(sizes.tolist(), levels, halves, strict=True):
        if _place(mean - half, mean + half, margin) != OPEN and (deviation > 0 or 0.5**seeds <= level / 2):
            return seeds
    return None


def simultaneous_level(differences: Sequence[ArrayLike], alpha: float = ALPHA) -> float:
    """Level of each of several intervals against one reference, so that all hold together with 1 - alpha.

    Dunnett's idea for paired data: the largest of several correlated t values. Correlations are those of the
    differences, at most 0.5 (what a shared reference gives arms of equal spread) and at least 0.

    Args:
        differences: one array per comparison, each (n,), over the same seeds if they can be aligned; arrays
            of different lengths are taken as uncorrelated, which is safe.

    Source: Dunnett 1955, https://doi.org/10.1080/01621459.1955.10501294.
    """
    arrays = [np.asarray(values, dtype=float) for values in differences]
    count = len(arrays)
    sizes = {array.size for array in arrays}
    if count < 2 or min(sizes) < 2:
        return alpha
    n = min(sizes)
    correlation = np.eye(count)
    if len(sizes) == 1 and all(array.std() > 0 for array in arrays):
        correlation = np.clip(np.corrcoef(arrays), 0.0, 0.5)
        np.fill_diagonal(correlation, 1.0)
        lacking = max(0.0, 0.01 - float(np.linalg.eigvalsh(correlation)[0]))
        correlation = (correlation + lacking * np.eye(count)) / (
            1 + lacking
        )  # clipped values may not be a correlation matrix
    # multivariate t shares one spread among all; paired differences have one each, so samples are drawn
    n = min(n, 40)  # more values do not change the bound
    draws = np.random.default_rng(0).standard_normal((DRAWS, count, n), dtype=np.float32)
    samples = np.einsum("ij,djn->din", np.linalg.cholesky(correlation).astype(np.float32), draws)
    largest = np.abs(samples.mean(axis=2) / samples.std(axis=2, ddof=1)).max(axis=1) * math.sqrt(n)
    bound = float(np.quantile(largest, 1 - alpha))
    return min(alpha, max(float(2 * special.stdtr(n - 1, -bound)), alpha / count))


def _place(low: float, high: float, margin: float | None) -> str:
    beyond = margin or 0.0
    if low > beyond:
        return BETTER
    if high < -beyond:
        return WORSE
    return EQUAL if margin and low > -margin and high < margin else OPEN


def _ranks_agree(differences: np.ndarray, decision: str, margin: float, level: float) -> bool:
    limit = max(VETO, 0.5**differences.size) if np.ptp(differences) > 0 else level / 2
    if decision == BETTER:
        return signed_rank(differences - margin) <= limit
    if decision == WORSE:
        return signed_rank(-differences - margin) <= limit
    return max(signed_rank(differences + margin), signed_rank(margin - differences)) <= limit


def signed_rank(values: ArrayLike) -> float:
    """Exact one-sided p-value of the signed-rank test that the centre of `values` lies above zero.

    A zero counts as not above, and ties get their mean rank. scipy's wilcoxon is exact only without ties,
    and with ties it takes seconds.

    Source: Wilcoxon 1945, https://doi.org/10.2307/3001968.
    """
    numbers = np.asarray(values, dtype=float)
    _, place, ties = np.unique(np.abs(numbers), return_inverse=True, return_counts=True)
    doubled = (2 * ties.cumsum() - ties + 1)[place]  # mean ranks are halves
    chances = np.zeros(int(doubled.sum()) + 1)
    chances[0] = 1.0
    for rank in doubled:
        chances[rank:] += chances[: chances.size - rank].copy()
    above = int(doubled[numbers > 0].sum())
    return float(chances[above:].sum() / chances.sum())
