"""The statistics against scipy's own on the same numbers, and at their edges."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from losslab.judgement.intervals import (
    mean_interval,
    median,
    paired_difference,
    steps_to_target,
)

numbers = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 6))


@settings(deadline=None)  # scipy.stats is slow at its first call
@given(st.lists(numbers, min_size=2, max_size=20))
def test_mean_interval_is_scipys(values):
    assume(len(set(values)) > 1)
    ours = mean_interval(values)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert ours.n == len(values)
    assert (ours.mean, ours.low, ours.high) == pytest.approx(
        (np.mean(values), theirs.low, theirs.high), rel=1e-9
    )


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=20))
def test_paired_difference_is_scipys(pairs):
    first, second = (pd.Series(column, dtype=float) for column in zip(*pairs, strict=True))
    assume(len(set(first - second)) > 1)
    ours = paired_difference(first, second)
    theirs = stats.ttest_rel(first, second).confidence_interval(0.95)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-9)


@given(st.permutations(list(range(8))), st.lists(numbers, min_size=8, max_size=8), numbers)
def test_pairs_are_made_by_seed_whatever_the_order(order, values, shift):
    reference = pd.Series(values, index=range(8))
    shifted = (reference + shift).iloc[list(order)]
    estimate = paired_difference(shifted, reference)
    assert estimate.mean == pytest.approx(shift, abs=1e-9)
    assert estimate.high - estimate.low == pytest.approx(0, abs=1e-9)


def test_only_seeds_that_both_have_are_pairs():
    first = pd.Series([1.0, 2.0, math.nan, 9.0], index=[0, 1, 2, 7])
    second = pd.Series([0.5, 0.5, 0.5], index=[1, 2, 0])
    estimate = paired_difference(first, second)
    assert estimate.n == 2
    assert estimate.mean == pytest.approx(1.0)


def test_a_seed_twice_is_no_pair():
    with pytest.raises(ValueError, match="more than once"):
        paired_difference(pd.Series([1.0, 2.0], index=[0, 0]), pd.Series([1.0], index=[0]))


def test_few_or_equal_values():
    assert math.isnan(mean_interval([]).mean)
    one = mean_interval([3.0, math.nan])
    assert (one.mean, one.n) == (3.0, 1)
    assert math.isnan(one.low)
    equal = mean_interval([0.1] * 7)
    assert (equal.mean, equal.low, equal.high) == (0.1, 0.1, 0.1)


def test_steps_of_runs_that_never_got_there_count_as_infinite():
    never = math.inf
    assert steps_to_target([100, 200, never]).median == 200
    assert steps_to_target([100, never, never]).median is None
    assert steps_to_target([100, 300]).median == 200
    assert steps_to_target([100, never]).median is None
    found = steps_to_target([100, never, never, math.nan])
    assert (found.reached, found.n) == (1, 3), "a run without a value is left out"


@given(st.lists(numbers, min_size=1, max_size=9))
def test_the_median_is_numpys(values):
    assert median(values) == np.median(values)
    assert median([*values, math.nan]) == np.median(values)
