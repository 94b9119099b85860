"""Group-sequential boundaries against published ones, and against paths that are drawn."""

import numpy as np
import pytest
from scipy import stats

from losslab.judgement.boundaries import (
    nominal_levels,
    normal_boundaries,
    obrien_fleming_spending,
    power_spending,
)

FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]


def test_obrien_fleming_as_published():
    # Lan & DeMets's spending function, two-sided 5 %: standard tables, e.g. Reboussin et al. 2000
    assert normal_boundaries([0.5, 1.0], 0.05, obrien_fleming_spending) == pytest.approx(
        [2.963, 1.969], abs=6e-4
    )
    assert normal_boundaries(FIVE, 0.05, obrien_fleming_spending) == pytest.approx(
        [4.877, 3.357, 2.680, 2.290, 2.031], abs=6e-4
    )


def test_power_family_as_published():
    # rho = 1 and 3 at five looks, two-sided 5 %: Lan & DeMets 1983, Jennison & Turnbull 2000
    assert normal_boundaries(FIVE, 0.05, power_spending(1.0)) == pytest.approx(
        [2.576, 2.492, 2.411, 2.339, 2.276], abs=6e-4
    )
    assert normal_boundaries(FIVE, 0.05, power_spending(3.0)) == pytest.approx(
        [3.540, 2.974, 2.605, 2.306, 2.045], abs=6e-4
    )


def test_the_stages_of_a_sweep_on_the_t_scale():
    levels = nominal_levels((8, 12, 18, 27, 40), 0.05, 1.5)
    multipliers = [
        stats.t.isf(level / 2, n - 1) for level, n in zip(levels, (8, 12, 18, 27, 40), strict=True)
    ]
    assert multipliers == pytest.approx([4.12, 3.46, 2.92, 2.52, 2.20], abs=6e-3)


def test_one_look_is_the_usual_test():
    assert nominal_levels((5,), 0.05, 1.5) == pytest.approx((0.05,))


def test_drawn_paths_cross_as_often_as_was_spent():
    shares = np.array([0.1, 0.35, 0.5, 1.0])
    boundaries = normal_boundaries(list(shares), 0.1, power_spending(2.0))
    rng = np.random.default_rng(0)
    sums = np.cumsum(rng.normal(0, np.sqrt(np.diff(shares, prepend=0.0)), (400_000, 4)), axis=1)
    crossed = np.abs(sums / np.sqrt(shares)) > boundaries
    by_then = [crossed[:, : look + 1].any(axis=1).mean() for look in range(4)]
    assert by_then == pytest.approx(0.1 * shares**2, abs=0.002)


@pytest.mark.parametrize("shares", [[], [0.5, 0.5], [0.5, 0.4], [0.0, 1.0], [0.5, 1.1]])
def test_shares_must_rise(shares):
    with pytest.raises(ValueError, match="must rise"):
        normal_boundaries(shares, 0.05, power_spending(1.0))
