"""From values of runs to verdicts, with records whose values are known."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_example import GOOD, prediction
from runs_example import arm, make_run
from scipy import stats

from losslab.claims import judge
from losslab.claims.measures import outcomes_of
from losslab.claims.parse import parse
from losslab.claims.schema import Claim
from losslab.claims.stages import Cell
from losslab.claims.verdict import (
    BORDERLINE,
    CLOSE,
    CONFIRMED,
    DEPENDS,
    FAILS,
    HOLDS,
    NOT_TESTED,
    OPEN,
    REFUTED,
    TOO_CLOSE,
    UNDECIDED,
    Row,
)
from losslab.judgement.sequential import Stages
from losslab.records import DIVERGED, FAILED, Target

STAGES = (8, 12)


def claim_with(*predictions: dict[str, Any], **changes: Any) -> Claim:
    plain = {**copy.deepcopy(GOOD), "conditions": {}, "stages": list(STAGES)}
    return parse({**plain, "predictions": list(predictions), **changes}, "f.yaml")


def compared(expect: str = "higher", arm: str = "b", against: str = "a", **keys: Any) -> dict[str, Any]:
    return prediction(metric="accuracy", arm=arm, against=against, expect=expect, **keys)


def around(mean: float, spread: float, n: int = 12) -> list[float]:
    """Values with exactly this mean and standard deviation, at every look."""
    half = [1.0, -1.0, 0.4, -0.4] * (n // 4)
    scale = spread / float(np.std(half, ddof=1))
    return [mean + scale * value for value in half]


A = around(0.80, 0.001)


def judged(claim: Claim, a: list[float], b: list[float], **options: Any) -> judge.Judgement:
    runs = {**arm("a", a, **options), **arm("b", b, **options)}
    return judge.judge(claim, runs, {})


def only_row(judgement: judge.Judgement) -> Row:
    ((row,),) = (one.rows for one in judgement.predictions)
    return row


@pytest.mark.parametrize(
    ("expect", "difference", "spread", "outcome", "word"),
    [
        ("higher", 0.05, 0.004, HOLDS, CONFIRMED),
        ("lower", 0.05, 0.004, FAILS, REFUTED),
        ("higher", 0.0, 0.004, CLOSE, TOO_CLOSE),
        ("equal", 0.0, 0.004, HOLDS, CONFIRMED),
        ("not_lower", 0.0, 0.004, HOLDS, CONFIRMED),
        ("not_lower", -0.05, 0.004, FAILS, REFUTED),
        ("not_higher", 0.05, 0.004, FAILS, REFUTED),
        ("higher", 0.01, 0.002, OPEN, BORDERLINE),
        ("higher", 0.01, 0.05, OPEN, UNDECIDED),
    ],
)
def test_words(expect: str, difference: float, spread: float, outcome: str, word: str) -> None:
    b = [value + extra for value, extra in zip(A, around(difference, spread), strict=True)]
    found = judged(claim_with(compared(expect)), A, b)
    assert only_row(found).outcome == outcome
    assert (found.outcome, found.where) == (word, "")
    assert found.open_cells == set(), "all seeds are spent"


def test_double_takes_twice_the_margin_and_a_difference_that_matters_is_not_too_close() -> None:
    b = [value + extra for value, extra in zip(A, around(0.015, 0.002), strict=True)]
    assert judged(claim_with(compared()), A, b).outcome == CONFIRMED
    found = judged(claim_with(compared(double=True)), A, b)
    assert (found.outcome, found.predictions[0].low) == (REFUTED, 0.02)


def test_the_first_look_that_decides_counts_and_the_interval_is_that_of_the_look() -> None:
    b = [value + extra for value, extra in zip(A, around(0.05, 0.004), strict=True)]
    row = only_row(judged(claim_with(compared()), A, b))
    assert row.n == 8
    assert row.level == Stages(STAGES).level(8) < 0.05


def test_more_seeds_are_asked_for_as_long_as_a_row_is_open() -> None:
    b = [value + extra for value, extra in zip(A[:8], around(0.01, 0.05, 8), strict=True)]
    found = judged(claim_with(compared()), A[:8], b)
    assert found.outcome == UNDECIDED
    assert found.open_cells == {Cell("", "a"), Cell("", "b")}


def test_all_cores_must_hold_and_one_that_fails_refutes() -> None:
    claim = claim_with(compared(), prediction(metric="accuracy", arm=["a", "b"], at_least=0.85))
    found = judged(claim, A, around(0.9, 0.001))
    assert [row.outcome for row in found.predictions[1].rows] == [FAILS, HOLDS]
    assert found.outcome == REFUTED


def test_among_many_rows_one_needs_stronger_evidence_to_fail() -> None:
    b = [value + extra for value, extra in zip(A, around(0.0062, 0.0035), strict=True)]
    others = [prediction(metric="accuracy", arm="a", at_least=0.1 + place / 1000) for place in range(19)]
    alone = only_row(judged(claim_with(compared()), A, b))
    among = judged(claim_with(compared(), *others), A, b).predictions[0].rows[0]
    assert (alone.outcome, among.outcome) == (CLOSE, OPEN)
    assert any("among 20 rows" in note for note in among.notes)


def test_a_side_never_changes_the_word_and_is_corrected_with_the_others() -> None:
    b = [value + extra for value, extra in zip(A, around(0.05, 0.004), strict=True)]
    sides = [
        compared("lower", role="side"),
        prediction(metric="accuracy", arm="b", at_least=0.7, role="side"),
    ]
    found = judged(claim_with(compared(), *sides), A, b)
    assert found.outcome == CONFIRMED
    assert [one.outcome for one in found.predictions] == [HOLDS, FAILS, HOLDS]
    assert found.predictions[0].p_value is None
    assert found.predictions[1].p_value is not None


def test_sides_are_corrected_by_benjamini_and_hochberg() -> None:
    assert judge.benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])
    assert judge.benjamini_hochberg([]) == []


@pytest.mark.parametrize(("premise", "word"), [(0.7, CONFIRMED), (0.9, NOT_TESTED), (0.8, UNDECIDED)])
def test_a_premise_must_hold_for_the_claim_to_be_tested(premise: float, word: str) -> None:
    claim = claim_with(compared(), prediction(metric="accuracy", arm="a", at_least=premise, role="premise"))
    found = judged(claim, A, around(0.9, 0.001))
    assert found.outcome == word
    assert found.open_cells == set()


def test_conditions_are_judged_one_by_one_and_named() -> None:
    conditions = [{"mnist": "", "fashion": ""}, {"adam": "", "sgd": ""}]
    claim = claim_with(compared(), conditions=conditions)
    runs = {}
    for name in claim.condition_names:
        gain = 0.05 if "sgd" in name else -0.05
        b = [value + extra for value, extra in zip(A, around(gain, 0.004), strict=True)]
        runs |= {**arm("a", A, name), **arm("b", b, name)}
    found = judge.judge(claim, runs, {})
    assert [one.word for one in found.conditions] == [REFUTED, CONFIRMED] * 2
    assert (found.outcome, found.where) == (DEPENDS, "with sgd, not with adam")


def test_in_most_conditions() -> None:
    names = [f"table_{place}" for place in range(10)]
    claim = claim_with(compared(), conditions=dict.fromkeys(names, ""), holds_in="most")
    runs = {}
    for place, name in enumerate(names):
        b = [value + (0.05 if place else -0.05) for value in around(0.8, 0.002)]
        runs |= {**arm("a", A, name), **arm("b", b, name)}
    found = judge.judge(claim, runs, {})
    assert found.outcome == CONFIRMED
    assert found.where.startswith("holds in 9 of 10, fails in 1: a share of 0.90 [0.55, ")


def test_collapsed_runs_are_a_row_of_their_own() -> None:
    b = [value + extra for value, extra in zip(A, around(0.05, 0.004), strict=True)]
    b[3] = 0.1
    found = judged(claim_with(compared()), A, b)
    row = only_row(found)
    assert (found.outcome, row.n) == (CONFIRMED, 7)
    assert any("Collapsed, and left out here: seed 3" in note for note in row.notes)
    (share,) = found.collapsed
    assert (share.arm, share.seeds, share.n) == ("b", [3], 12)
    assert share.share == pytest.approx(1 / 12)
    assert share.low < share.share < share.high


def test_a_run_that_diverged_is_in_the_collapsed_share_once(tmp_path: Path) -> None:
    runs = {**arm("a", A), **arm("b", [*A[:10], 0.1, 0.0])}
    diverged = make_run(tmp_path / "x", 11, 0.0, status=DIVERGED, curve={0: 0.1})
    runs[Cell("", "b")] = pd.concat([runs[Cell("", "b")].drop(11), diverged])
    share_of_b = prediction(metric="collapsed", arm="b", at_least=0.05)
    found = judge.judge(claim_with(compared("equal"), share_of_b), runs, {})
    (share,) = found.collapsed
    row = found.predictions[1].rows[0]
    assert (share.arm, share.seeds, share.n) == ("b", [10, 11], 12)
    assert share.share == row.mean == pytest.approx(2 / 12)


def test_a_small_drop_is_no_collapse_in_the_share_as_in_the_difference() -> None:
    b = [0.8, 0.8001, 0.7999, 0.8, 0.8001, 0.7999] * 2
    b[3] = 0.79  # far below the others in spreads, but only one margin
    claim = claim_with(compared("equal"), prediction(metric="collapsed", arm="b", at_most=0.5))
    found = judged(claim, A, b)
    assert found.collapsed == []
    assert found.predictions[1].rows[0].mean == 0


def test_equal_values_in_few_seeds_are_not_certain() -> None:
    claim = claim_with(compared("equal"), stages=[8, 12, 18, 27, 40])
    assert only_row(judged(claim, A[:8], A[:8])).outcome == OPEN
    assert only_row(judged(claim, A, A)).outcome == HOLDS


def test_a_run_that_diverged_counts_as_its_untrained_network(tmp_path: Path) -> None:
    run = make_run(tmp_path / "x", 0, 0.0, status=DIVERGED, curve={0: 0.1, 50: 0.7})
    counted = outcomes_of(run, "accuracy")
    assert counted.number.tolist() == [0.1]
    assert counted.untrained.tolist() == [True]
    assert outcomes_of(run, "diverged").number.tolist() == [1.0]


def test_a_share_has_the_exact_interval_at_the_level_of_the_look() -> None:
    claim = claim_with(prediction(metric="diverged", arm="b", at_least=0.1))
    row = only_row(judged(claim, A, A, status=DIVERGED))
    assert (row.outcome, row.mean, row.high) == (HOLDS, 1.0, 1.0)
    assert row.n == 8
    assert 0.1 < row.low < 0.6


def test_a_run_that_failed_is_left_out_and_said(tmp_path: Path) -> None:
    runs = {**arm("a", A), **arm("b", around(0.9, 0.001))}
    failed = make_run(tmp_path / "failed", 4, 0.0, status=FAILED)
    runs[Cell("", "b")] = pd.concat([runs[Cell("", "b")].drop(4), failed])
    row = only_row(judge.judge(claim_with(compared()), runs, {}))
    assert row.n == 7
    assert any("1 seed without a value is left out" in note for note in row.notes)


def test_steps_to_target_are_censored_at_the_end(tmp_path: Path) -> None:
    reached = make_run(tmp_path / "r", 0, 0.9, curve={0: 0.1, 20: 0.5, 40: 0.95})
    never = make_run(tmp_path / "n", 0, 0.9, curve={0: 0.1, 100: 0.5})
    counted = outcomes_of(pd.concat([reached, never]), "steps_to_target", 0.95)
    assert counted.number.tolist() == [40, 100]
    assert counted.censored.tolist() == [False, True]


def steps(a: int | None, b: int | None, expect: str) -> Row:
    """The row of steps to 0.9, after which each run of `a` and `b` reached it; None: never, within 100."""
    claim = claim_with(
        prediction(metric="steps_to_target", target=0.9, arm="a", against="b", expect=expect), stages=12
    )
    runs = {**arm("a", A, target=Target(0.9, a)), **arm("b", A, target=Target(0.9, b))}
    return only_row(judge.judge(claim, runs, {}))


def test_ratios_are_judged_on_the_log_scale() -> None:
    row = steps(80, 20, "higher")
    assert row.outcome == HOLDS
    assert row.mean == pytest.approx(4)
    assert row.label == "a / b"


@pytest.mark.parametrize(
    ("b", "expect", "outcome"),
    [
        (60, "higher", HOLDS),  # a / b is at least 1.67, and may be anything above
        (60, "lower", FAILS),
        (60, "not_higher", FAILS),
        (95, "higher", OPEN),
        (95, "not_higher", OPEN),
    ],
)
def test_a_censored_run_is_evidence_in_one_direction_only(b: int, expect: str, outcome: str) -> None:
    assert steps(None, b, expect).outcome == outcome


def test_steps_are_known_only_up_to_the_interval_between_evaluations() -> None:
    claim = claim_with(
        prediction(metric="steps_to_target", target=0.9, arm="a", against="b", expect="higher"), stages=12
    )
    runs = {**arm("a", A, target=Target(0.9, 80)), **arm("b", A, target=Target(0.9, 50))}
    widths = []
    for every in (2, 40):
        for frame in runs.values():
            frame["evaluations"] = [{"every": every}] * len(frame)
        row = only_row(judge.judge(claim, runs, {}))
        widths.append(math.log(row.high / row.low))
    # 80 and 50 are geometrically 63; rounding two values to `every` adds every² / 6 to the variance
    assert widths[0] == pytest.approx(2 * stats.t.isf(0.025, 11) * 2 / math.sqrt(80 * 50 * 6 * 12))
    assert widths[1] == pytest.approx(20 * widths[0])


def test_where_neither_reached_the_target_nothing_is_known() -> None:
    assert steps(None, None, "not_higher").outcome == OPEN


def test_an_arm_under_another_condition() -> None:
    claim = parse(
        {**copy.deepcopy(GOOD), "stages": 12, "predictions": [compared("lower", "a", "a@large")]}, "f"
    )
    runs = {**arm("a", A, "small"), **arm("a", around(0.9, 0.001), "large")}
    found = judge.judge(claim, runs, {})
    assert (only_row(found).condition, found.outcome) == ("small", CONFIRMED)


def test_quantities_of_a_check() -> None:
    conditions = {"conditions": {"float32": "", "bfloat16": ""}}
    plain: dict[str, Any] = {"statement": "s", "source": "s", "check": "losslab.nowhere", **conditions}
    plain["predictions"] = [
        prediction(quantity="error_{condition}", at_most=0.01),
        prediction(quantity="exact", equals=0.25, within=0.01),
        prediction(quantity="speed", at_least=2, ratio=True, at="float32"),
        prediction(quantity="speed", at_most=2, ratio=True, role="side"),
    ]
    times = [2.9, 3.0, 3.2, 3.1, 3.0, 3.05]
    measured = {"error_float32": 0.001, "error_bfloat16": 0.1, "exact": 0.2501, "speed": times}
    found = judge.judge(parse(plain, "f"), {}, measured)
    assert [[row.outcome for row in one.rows] for one in found.predictions] == [
        [HOLDS, FAILS],
        [HOLDS],
        [HOLDS],
        [FAILS],
    ]
    assert found.predictions[0].rows[0].exact
    assert (found.outcome, found.where) == (DEPENDS, "with float32, not with bfloat16")
