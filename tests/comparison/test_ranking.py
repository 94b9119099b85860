"""Ranks: shared where the interval includes zero, none with a single seed, the best arm first."""

import pytest

from fabricated_records import fabricate, write_all
from losslab.comparison.comparison import compare
from losslab.comparison.ranking import best_first
from losslab.judgement.rows import Margin


def task(folder, values, **options):
    """One arm per name, one run per value."""
    for loss, results in values.items():
        write_all([fabricate(loss, seed, value) for seed, value in enumerate(results)], folder)
    return compare([folder], reference=next(iter(values)), **options).tasks[0]


def steady(mean):
    return [mean + change / 1000 for change in (1, -1, 2, 0, -2, 1, 0, -1)]


def test_an_arm_has_one_rank_more_for_every_arm_that_is_shown_to_be_better(tmp_path):
    noisy = [0.97, 0.83, 0.99, 0.85, 0.98, 0.84, 0.97, 0.86]
    found = task(
        tmp_path, {"middle": steady(0.9), "best": steady(0.95), "worst": steady(0.5), "noisy": noisy}
    )
    assert {arm.label: arm.rank for arm in found.arms} == {"best": 1, "middle": 2, "noisy": 1, "worst": 4}
    assert [arm.label for arm in best_first(found.arms, True)] == ["best", "noisy", "middle", "worst"]


@pytest.mark.parametrize("margin", [Margin(0.01), Margin(0.05, ratio=True)])
def test_a_margin_does_not_change_who_shares_a_rank(tmp_path, margin):
    better = [value + 0.001 * (seed % 2) + 0.002 for seed, value in enumerate(steady(0.9))]
    found = task(tmp_path, {"a": steady(0.9), "b": better}, margin=margin)
    assert found.arm("b").judged.decision == "equal"
    assert (found.arm("a").rank, found.arm("b").rank) == (2, 1)


def test_a_single_seed_gives_no_ranks(tmp_path):
    assert [arm.rank for arm in task(tmp_path, {"a": [0.9], "b": [0.1]}).arms] == [None, None]
