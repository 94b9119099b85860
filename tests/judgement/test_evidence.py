"""The statistics of verdicts, against scipy's own and against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from losslab.judgement import evidence as inference
from losslab.judgement.evidence import Evidence
from losslab.judgement.intervals import mean_interval, paired_difference

CASES = 1000


def random_samples(count: int = CASES) -> list[np.ndarray]:
    """Small samples as seeds give them: of several sizes, scales and shapes."""
    generator = np.random.default_rng(20)
    draws = [generator.normal, generator.gumbel, generator.laplace]
    return [
        draws[case % 3](generator.normal(), 10.0 ** generator.uniform(-4, 2), generator.integers(2, 12))
        for case in range(count)
    ]


def test_intervals_agree_with_scipy() -> None:
    for values in random_samples():
        ours = mean_interval(values)
        theirs = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)


def test_paired_differences_agree_with_scipy() -> None:
    import pandas as pd

    generator = np.random.default_rng(3)
    for values in random_samples():
        others = values + generator.normal(0, 1, values.size)
        ours = paired_difference(pd.Series(values), pd.Series(others))
        theirs = stats.ttest_rel(values, others).confidence_interval(0.95)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-6)


def test_evidence_agrees_with_scipys_one_sided_tests() -> None:
    generator = np.random.default_rng(4)
    for values in random_samples():
        margin = float(values.mean() + generator.normal() * values.std())
        found = inference.evidence(values, margin, None)
        above = stats.ttest_1samp(values, margin, alternative="greater").pvalue
        below = stats.ttest_1samp(values, margin, alternative="less").pvalue
        assert found.holds == pytest.approx(min(1, 2 * above), rel=1e-9)
        assert found.fails == pytest.approx(min(1, 2 * below), rel=1e-9)


def test_evidence_decides_exactly_where_the_interval_lies_beyond_the_margins() -> None:
    generator = np.random.default_rng(5)
    decided = {"holds": 0, "fails": 0, "neither": 0}
    for values in random_samples():
        middle, width = float(values.mean() + generator.normal() * values.std()), float(values.std())
        low, high = middle - width, middle + 3 * width
        found, interval = inference.evidence(values, low, high), mean_interval(values)
        within = interval.low >= low and interval.high <= high
        outside = interval.high < low or interval.low > high
        assert (found.holds <= 0.05) == within
        assert (found.fails <= 0.05) == outside
        decided["holds" if within else "fails" if outside else "neither"] += 1
    assert min(decided.values()) > 10, "the cases must be of all kinds"


def test_bootstrap_agrees_with_scipys() -> None:
    for values in random_samples(60):
        if values.size < 3:
            continue
        ours = inference.bootstrap_interval(values, resamples=499)
        theirs = stats.bootstrap(
            (values,), np.mean, n_resamples=499, method="BCa", rng=np.random.default_rng(0)
        ).confidence_interval
        np.testing.assert_allclose((ours.low, ours.high), (theirs.low, theirs.high))
        assert ours.low <= values.mean() <= ours.high


def test_the_same_values_give_the_same_bootstrap() -> None:
    values = [0.1, 0.5, 0.4, 0.9]
    assert inference.bootstrap_interval(values) == inference.bootstrap_interval(values)


def test_values_without_spread_are_taken_at_their_word() -> None:
    assert inference.evidence([2.0, 2.0, 2.0], 1.0, None) == Evidence(0.0, 1.0)
    assert inference.evidence([2.0, 2.0, 2.0], 3.0, None) == Evidence(1.0, 0.0)
    assert inference.evidence([2.0, 2.0], 2.0, 2.0) == Evidence(0.0, 1.0)


def test_one_value_says_nothing() -> None:
    assert inference.evidence([5.0], 0.0, None) == Evidence(1.0, 1.0)
    assert inference.evidence([], 0.0, None) == Evidence(1.0, 1.0)


def test_five_zeros_do_not_prove_that_a_share_is_below_one_half() -> None:
    assert inference.share_evidence([0] * 5, None, 0.5).holds == pytest.approx(2 / 32)
    assert inference.share_evidence([0] * 10, None, 0.5).holds < 0.05
    assert inference.share_evidence([1] * 10, None, 0.5).fails < 0.05
    assert inference.share_evidence([0] * 10, None, 0.0) == Evidence(1.0, 1.0)


def test_shares_agree_with_the_interval_of_clopper_and_pearson() -> None:
    for n in range(1, 15):
        for hits in range(n + 1):
            values = [1] * hits + [0] * (n - hits)
            interval = inference.share_interval(values)
            for margin in (0.1, 0.35, 0.5, 0.8):
                found = inference.share_evidence(values, margin, None)
                assert (found.holds <= 0.05) == (interval.low >= margin)
                assert (found.fails <= 0.05) == (interval.high <= margin)


def _holm_by_steps(p_values: list[float], alpha: float) -> list[bool]:
    """The procedure as Holm wrote it: the smallest against alpha/m, the next against alpha/(m-1), ..."""
    rejected = [False] * len(p_values)
    left = sorted(range(len(p_values)), key=lambda place: p_values[place])
    while left:
        if p_values[left[0]] > alpha / len(left):
            break
        rejected[left.pop(0)] = True
    return rejected


def test_holm_rejects_what_its_steps_reject() -> None:
    generator = np.random.default_rng(6)
    for _ in range(CASES):
        p_values = list(generator.uniform(0, 0.2, generator.integers(1, 9)) ** 2)
        adjusted = inference.holm(p_values)
        assert [p <= 0.05 for p in adjusted] == _holm_by_steps(p_values, 0.05)


def test_all_of_is_as_weak_as_its_weakest() -> None:
    parts = [Evidence(0.01, 1.0), Evidence(0.3, 0.02)]
    assert inference.all_of(parts) == Evidence(0.3, 0.04)
    assert inference.all_of([]) == Evidence(1.0, 1.0)


def test_seeds_needed_would_decide_at_the_same_mean_and_spread() -> None:
    for values in random_samples(200):
        margin = float(values.mean() - 0.3 * values.std(ddof=1))
        needed = inference.seeds_needed(values, margin, None)
        assert needed is not None
        spread, distance = values.std(ddof=1), float(values.mean()) - margin
        halves = {n: stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n) for n in (needed - 1, needed)}
        assert halves[needed] < distance
        assert needed == values.size or halves[needed - 1] >= distance


def test_a_mean_on_the_margin_needs_more_seeds_than_anybody_has() -> None:
    assert inference.seeds_needed([0.9, 1.1, 1.0], 1.0, None) is None


def test_outside_of_an_interval_the_near_margin_counts() -> None:
    below = inference.seeds_needed([0.4, 0.5, 0.6], 1.0, 100.0)
    assert below is not None
    assert below <= 4
