"""Boundaries for testing the same comparison several times, as seeds are added.

If a 95 % interval is computed after 8, 12, 18, ... seeds, one of these looks misses the true value in far
more than 5 % of all comparisons. Alpha spending (Lan & DeMets 1983) divides the 5 % over the looks. The
boundary of each look follows by numerical integration over all paths that have not crossed an earlier one.
Not here: intervals and decisions based on the boundaries (`sequential.py`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import special  # scipy.stats takes half a second to import

Spending = Callable[[float, float], float]  # (share of the information, alpha) -> alpha spent by then

POINTS = 801  # of the grid for a path's density at each look
WIDEST = 8.0  # standard errors; the probability beyond is below 1e-15


def power_spending(rho: float) -> Spending:
    """alpha · t^rho: the power family (Kim & DeMets 1987, https://doi.org/10.1093/biomet/74.1.149)."""
    return lambda share, alpha: alpha * min(1.0, share) ** rho


def obrien_fleming_spending(share: float, alpha: float) -> float:
    """4 − 4Φ(z(1−α/4)/√t), for both sides together: close to O'Brien & Fleming's boundary.

    Source: Lan & DeMets 1983, https://doi.org/10.1093/biomet/70.3.659
    """
    return float(4 * special.ndtr(special.ndtri(alpha / 4) / math.sqrt(share)))


def normal_boundaries(shares: Sequence[float], alpha: float, spending: Spending) -> list[float]:
    """Two-sided boundaries for a standardised normal sum, one per look.

    Args:
        shares: of the information at each look, rising, the last at most 1: seeds so far / most seeds.
        alpha: error over all looks, two-sided, in (0, 1).
        spending: how much of `alpha` is spent by a share of the information.

    Returns for each look how many standard errors the mean must lie away from zero.

    Source: the recursion of Armitage, McPherson & Rowe 1969, as in Jennison & Turnbull, "Group Sequential
    Methods with Applications to Clinical Trials" (2000), chapter 19.
    """
    if not shares or any(b <= a for a, b in zip([0.0, *shares], shares, strict=False)) or shares[-1] > 1:
        raise ValueError(f"shares of the information must rise from above 0 to at most 1, not {list(shares)}")
    from scipy.optimize import brentq  # slow to import, and one look needs none

    boundaries: list[float] = []
    spent = 0.0
    # the sums' distribution at the look before, over the paths that have not crossed yet
    grid = weights = np.empty(0)
    for look, share in enumerate(shares):
        goal, root = spending(share, alpha) - spent, math.sqrt(share)
        step = math.sqrt(share - (shares[look - 1] if look else 0.0))
        if look == 0:
            boundary = float(-special.ndtri(goal / 2))
        else:
            crossing = functools.partial(
                _crossing, root=root, step=step, grid=grid, weights=weights, goal=goal
            )
            boundary = float(brentq(crossing, 0.0, WIDEST, xtol=1e-10))
        boundaries.append(boundary)
        spent += goal
        inside = np.linspace(-boundary * root, boundary * root, POINTS)
        if look == 0:
            density = _normal_density(inside / root) / root
        else:
            density = _normal_density((inside[:, None] - grid) / step) @ weights / step
        grid, weights = inside, _simpson(inside) * density
    return boundaries


@functools.lru_cache(maxsize=64)
def nominal_levels(stages: tuple[int, ...], alpha: float, rho: float) -> tuple[float, ...]:
    """Two-sided level of the test at each look; all looks together err with probability at most `alpha`.

    Args:
        stages: numbers of seeds at the looks, rising; the last is the largest that will be used.
        rho: of the power family; a larger one spends later.
    """
    shares = [n / stages[-1] for n in stages]
    boundaries = normal_boundaries(shares, alpha, power_spending(rho))
    return tuple(float(2 * special.ndtr(-boundary)) for boundary in boundaries)


def _crossing(
    z: float, *, root: float, step: float, grid: np.ndarray, weights: np.ndarray, goal: float
) -> float:
    """Probability of crossing at this look first, with z standard errors, minus the target probability."""
    above = special.ndtr((grid - z * root) / step)
    below = special.ndtr((-z * root - grid) / step)
    return float(weights @ (above + below)) - goal


def _normal_density(values: np.ndarray) -> np.ndarray:
    return np.exp(-(values**2) / 2) / math.sqrt(2 * math.pi)


def _simpson(grid: np.ndarray) -> np.ndarray:
    """Weights of Simpson's rule on an evenly spaced grid with an odd number of points."""
    weights = np.full(grid.size, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    return weights * (grid[1] - grid[0]) / 3
