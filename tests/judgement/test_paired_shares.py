"""Paired shares: the exact test against its definition, by enumeration of everything that can happen."""

import numpy as np
import pytest
from scipy import stats

from losslab.judgement.paired_shares import (
    Discordant,
    p_above,
    paired_share_evidence,
    paired_share_interval,
)


def differences(first, second, same):
    """Seeds with an outcome in the first arm only, in the second only, and in both or neither."""
    return np.repeat([1, -1, 0], [first, second, same])


@pytest.mark.parametrize("n", [8, 12])
@pytest.mark.parametrize("margin", [-0.1, 0.0, 0.1, 0.3])
def test_at_the_margin_it_rejects_at_most_as_often_as_promised(n, margin):
    p_values = {(a, b): p_above(Discordant(a, b, n), margin) for a in range(n + 1) for b in range(n + 1 - a)}
    for only_second in np.linspace(max(0, -margin) + 0.01, (1 - margin) / 2, 7):
        chances = [only_second + margin, only_second, 1 - margin - 2 * only_second]
        law = stats.multinomial(n, np.clip(chances, 0, 1))
        for level in (0.005, 0.025, 0.05):
            wrong = sum(law.pmf([a, b, n - a - b]) for (a, b), p in p_values.items() if p <= level)
            assert wrong <= level * 1.02  # the grid of the nuisance share is not infinitely fine


def test_without_a_margin_it_finds_what_mcnemars_exact_test_finds():
    for a, b in ((6, 0), (9, 1), (12, 3)):
        mcnemar = stats.binomtest(a, a + b, 0.5, alternative="greater").pvalue
        assert p_above(Discordant(a, b, 20), 0.0) <= mcnemar * 1.001
    # no discordant seed, no evidence; what both arms do says nothing
    assert p_above(Discordant(0, 0, 20), 0.0) == 1.0


def test_interval_and_evidence_agree():
    for case in [(5, 0, 3), (8, 0, 0), (0, 8, 0), (3, 3, 6), (10, 1, 16), (0, 0, 40)]:
        values = differences(*case)
        interval = paired_share_interval(values)
        assert interval.mean == pytest.approx((case[0] - case[1]) / sum(case))
        assert -1 <= interval.low <= interval.mean <= interval.high <= 1
        inside, outside = interval.low - 0.01, interval.low + 0.01
        if inside > -1:
            assert paired_share_evidence(values, inside, None).holds <= 0.05
            assert paired_share_evidence(values, outside, None).holds > 0.05
        mirrored = paired_share_interval(-values)
        assert (mirrored.low, mirrored.high) == pytest.approx((-interval.high, -interval.low))


def test_forty_seeds_decide_about_a_margin_of_a_tenth():
    assert paired_share_evidence(differences(0, 0, 40), -0.1, 0.1).holds <= 0.05
    assert paired_share_evidence(differences(12, 0, 28), 0.1, None).holds <= 0.05
    assert paired_share_evidence(differences(1, 0, 7), 0.1, None).holds > 0.05


def test_other_differences_are_refused():
    with pytest.raises(ValueError, match="1, 0 or -1"):
        paired_share_evidence([0, 0.5], 0.0, None)
    assert np.isnan(paired_share_interval([]).mean)
