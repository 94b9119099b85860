"""Decisions at one look and at several, and how often they are wrong."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from losslab.judgement.collapse import collapsed
from losslab.judgement.evidence import share_evidence
from losslab.judgement.sequential import (
    BETTER,
    EQUAL,
    OPEN,
    WORSE,
    Stages,
    decide,
    seeds_needed,
    signed_rank,
    simultaneous_level,
)


def drawn(mean, spread, n=12, seed=0):
    values = np.random.default_rng(seed).normal(0, 1, n)
    return mean + spread * (values - values.mean()) / values.std(ddof=1)


@pytest.mark.parametrize(
    ("mean", "margin", "decision"),
    [(0.02, 0.01, BETTER), (-0.02, 0.01, WORSE), (0.001, 0.01, EQUAL), (0.009, 0.01, OPEN),
     (0.012, 0.01, OPEN), (0.009, None, BETTER), (-0.009, None, WORSE), (0.001, None, OPEN)],
)  # fmt: skip
def test_where_the_interval_lies(mean, margin, decision):
    found = decide(drawn(mean, 0.004), margin)
    assert found.decision == decision
    expected = stats.ttest_1samp(drawn(mean, 0.004), 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_one_value_or_none_decides_nothing():
    assert decide([0.5], 0.01).decision == OPEN
    assert decide([], 0.01).decision == OPEN
    assert math.isnan(decide([], None).mean)


def test_equal_values_are_not_certain():
    level = Stages().level(8)
    assert decide([0.02] * 3, None).decision == OPEN
    assert decide([0.02] * 8, 0.01, level).decision == OPEN
    assert decide([0.02] * 8, 0.01, level).vetoed
    assert decide([0.02] * 12, 0.01, level).decision == BETTER
    assert decide([0.0] * 12, 0.01, level).decision == EQUAL


def test_a_coarse_scale_widens_the_interval():
    steps = np.repeat([100.0, 120.0], [10, 2])
    plain, rounded = decide(steps, None), decide(steps, None, resolution=100.0)
    assert rounded.high - rounded.low > 3 * (plain.high - plain.low)


def test_single_extreme_seeds_are_vetoed():
    differences = np.array([0.0101] * 6 + [0.009] * 5 + [0.0099])
    found = decide(differences + 1e-5 * np.arange(12), 0.0095)
    assert found.decision == OPEN
    assert decide(np.r_[[-0.001] * 7, np.full(5, 0.02)], None).decision == OPEN


def test_signed_ranks_agree_with_scipy_and_count_ties():
    for seed in range(20):
        values = np.random.default_rng(seed).normal(0.3, 1, 5 + seed)
        expected = stats.wilcoxon(values, alternative="greater", method="exact").pvalue
        assert signed_rank(values) == pytest.approx(expected)
    assert signed_rank([1.0] * 8) == pytest.approx(2.0**-8)
    assert signed_rank([0.0] * 8) == 1.0
    # 1, 1, 2 and a 2 below: ranks 1.5, 1.5, 3.5, 3.5; six of sixteen sign patterns reach 6.5 or more
    assert signed_rank([1.0, 1.0, 2.0, -2.0]) == pytest.approx(6 / 16)


def test_seeds_needed_says_the_look_that_would_decide():
    differences = drawn(0.004, 0.005, n=8)
    assert decide(differences, 0.01, Stages().level(8)).decision == OPEN
    needed = seeds_needed(differences, 0.01, Stages())
    assert needed == 12
    assert decide(drawn(0.004, 0.005, n=needed), 0.01, Stages().level(needed)).decision == EQUAL
    assert seeds_needed(drawn(0.01, 0.005, n=8), 0.01, Stages()) is None
    assert seeds_needed([0.1], None, Stages()) is None


def test_several_arms_share_their_errors():
    rng = np.random.default_rng(0)
    arms = [rng.normal(0, 1, 6) for _ in range(4)]
    level = simultaneous_level(arms)
    assert 0.05 / 4 <= level < 0.05
    assert simultaneous_level(arms[:1]) == 0.05
    assert Stages().shared_by(2).level(40) < Stages().level(40)
    # together they hold: the largest of four t values stays below the bound in 95 of 100 cases
    reference = rng.normal(0, 1, (4000, 1, 6))
    differences = rng.normal(0, 1, (4000, 4, 6)) - reference
    largest = np.abs(stats.ttest_1samp(differences, 0, axis=2).statistic).max(axis=1)
    bound = np.array([stats.t.isf(simultaneous_level(list(case)) / 2, 5) for case in differences[:20]])
    assert np.mean(largest > np.median(bound)) <= 0.055


def decision_after_stages(arm, reference, margin, stages):
    for n in stages.seeds:
        kept = ~(collapsed(arm[:n], True, margin) | collapsed(reference[:n], True, margin))
        found = decide((arm[:n] - reference[:n])[kept], margin, stages.level(n)).decision
        if found != OPEN:
            return found
    return OPEN


@pytest.mark.parametrize("collapsing", [0.0, 0.1])
def test_at_the_margin_few_decisions_are_wrong(collapsing):
    rng, stages = np.random.default_rng(3), Stages()
    arms = rng.normal(0.91, 0.004, (250, 40)) - 0.4 * (rng.random((250, 40)) < collapsing)
    references = rng.normal(0.90, 0.004, (250, 40))
    found = [decision_after_stages(a, b, 0.01, stages) for a, b in zip(arms, references, strict=True)]
    # 5 % of 250 are 12.5; 22 are more than 99 of 100 such studies would show
    assert len(found) - found.count(OPEN) <= 22


@pytest.mark.parametrize("share", [0.05, 0.1, 0.37, 0.5])
def test_exact_tests_of_a_share_at_each_stage_err_at_most_as_often_as_promised(share):
    """Enumerated, for a share that lies on its margin; 0.37 is the worst of 0.01 to 0.50."""
    alive, before, wrong = np.ones(1), 0, 0.0
    for seeds in Stages().seeds:
        alive = np.convolve(alive, stats.binom.pmf(np.arange(seeds - before + 1), seeds - before, share))
        hits = [np.repeat([1, 0], [count, seeds - count]) for count in range(seeds + 1)]
        found = [share_evidence(values, share, None) for values in hits]
        decided = np.array([min(one.holds, one.fails) <= Stages().level(seeds) for one in found])
        wrong += alive[decided].sum()
        alive, before = np.where(decided, 0.0, alive), seeds
    assert 0 < wrong <= 0.05


@pytest.mark.parametrize("stages", [(), (1, 2), (8, 8), (12, 8)])
def test_stages_must_rise(stages):
    with pytest.raises(ValueError, match="rising numbers of seeds"):
        Stages(stages)


def test_collapse_is_far_from_the_typical_run_and_from_noise():
    values = np.r_[drawn(0.95, 0.003, n=11), 0.3]
    assert collapsed(values, True, 0.01).tolist() == [False] * 11 + [True]
    assert not collapsed(1 - values, True, 0.01).any()  # far better is no collapse
    assert collapsed(1 - values, False, 0.01)[-1]
    assert not collapsed(np.r_[drawn(0.95, 0.003, n=11), 0.93], True, 0.01).any()  # two margins
    assert not collapsed(np.r_[[0.95] * 3, 0.1], True, 0.01).any()  # too few to tell
    assert not collapsed(np.r_[[math.nan] * 3, [0.95] * 5], True, 0.01).any()
    normal = np.random.default_rng(0).normal(0, 1, (2000, 8))
    assert np.mean([collapsed(row, True).any() for row in normal]) < 0.02


def test_a_p_value_over_all_looks_is_the_level_at_which_the_look_would_decide() -> None:
    stages = Stages()
    for seeds in stages.seeds:
        assert stages.over_all_looks(stages.level(seeds), seeds) == pytest.approx(stages.alpha)
        for alpha in (0.002, 0.15):
            level = dataclasses.replace(stages, alpha=alpha).level(seeds)
            assert stages.over_all_looks(level, seeds) == pytest.approx(alpha, rel=0.02)
    assert stages.over_all_looks(0.0, 8) == 0.0
    assert stages.over_all_looks(1.0, 40) == 1.0
    # in proportion to the level at 5 %, a strong result at a late look would seem stronger than it is
    level = dataclasses.replace(stages, alpha=0.001).level(40)
    assert level * stages.alpha / stages.level(40) < 0.00085
