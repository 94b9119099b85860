"""What runs that finished, diverged or failed count with."""

import math

import numpy as np
import pandas as pd

from losslab.judgement import outcomes
from losslab.judgement.outcomes import DIVERGED, FAILED, FINISHED
from losslab.judgement.rows import Margin

STATUS = pd.Series([FINISHED, DIVERGED, FAILED], index=[7, 8, 9])


def like(*values):
    return pd.Series(values, index=STATUS.index, dtype=float)


def test_a_diverged_run_counts_as_its_untrained_network_and_a_failed_one_not():
    found = outcomes.of_metric(STATUS, like(0.9, 0.5, 0.4), like(0.1, 0.11, 0.12))
    assert found.number.dropna().to_dict() == {7: 0.9, 8: 0.11}
    assert found.untrained.to_dict() == {7: False, 8: True, 9: False}
    assert found.missing.to_dict() == {7: False, 8: False, 9: True}
    assert outcomes.notes(found) == ["1 of 3 runs diverged: counted as their untrained network."]


def test_infinity_is_no_value():
    found = outcomes.of_metric(STATUS, like(math.inf, 0.5, 0.4), like(0.1, math.nan, 0.1))
    assert found.missing.all()
    assert not found.untrained.any(), "nothing was counted"


def test_steps_are_a_bound_where_the_target_was_not_reached():
    found = outcomes.of_steps(STATUS, like(0, math.nan, 40), like(100, 100, 100))
    assert found.number.dropna().to_dict() == {7: 1, 8: 100}
    assert found.censored.to_dict() == {7: False, 8: True, 9: False}
    assert found.reached.dropna().to_dict() == {7: 1, 8: np.inf}
    assert outcomes.notes(found) == ["1 of 3 runs never reached the target: a bound, not a value."]


def test_measures_of_training_count_whether_it_finished_or_diverged():
    assert outcomes.of_course(STATUS, like(1, 2, 3)).number.dropna().to_dict() == {7: 1, 8: 2}
    assert outcomes.divergence(STATUS).number.dropna().to_dict() == {7: 0, 8: 1}


def test_a_run_collapses_once_whether_it_diverged_or_ended_far_below_the_others():
    status = pd.Series([FINISHED] * 6 + [DIVERGED, FINISHED, FAILED])
    final = pd.Series([0.95, 0.951, 0.949, 0.952, 0.948, 0.95, 0.9, 0.3, math.nan])
    counted = outcomes.of_metric(status, final, pd.Series([0.1] * 9))
    found = outcomes.collapse(counted, status, higher_is_better=True, margin=Margin(0.01))
    assert found.number[:8].tolist() == [0, 0, 0, 0, 0, 0, 1, 1]
    assert found.missing[8]
    # the rule of the typical run is blind where most diverge; their status is not
    most = pd.Series([DIVERGED] * 5 + [FINISHED])
    counted = outcomes.of_metric(most, pd.Series([0.9] * 6), pd.Series([0.1] * 6))
    assert outcomes.collapse(counted, most, higher_is_better=True).number.tolist() == [1, 1, 1, 1, 1, 0]
