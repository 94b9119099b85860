"""From values of runs to verdicts, with records whose values are known."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from claim_example import GOOD

from losslab import records
from losslab.claims import judge
from losslab.claims.measures import outcomes_of
from losslab.claims.schema import Claim, parse
from losslab.claims.stages import Cell
from losslab.claims.verdict import CONFIRMED, FAILS, HOLDS, INCONCLUSIVE, MIXED, REFUTED
from losslab.records import DIVERGED, FAILED, FINISHED, Record
from losslab.records.frame import read_runs


def claim_with(*predictions: dict[str, Any]) -> Claim:
    plain = {**copy.deepcopy(GOOD), "conditions": {}, "predictions": list(predictions)}
    return parse(plain, "f.yaml")


def prediction(**keys: Any) -> dict[str, Any]:
    return {"says": "It is so.", "why": "Because.", **keys}


def make_run(
    folder: Path,
    seed: int,
    accuracy: float,
    status: str = FINISHED,
    curve: dict[int, float] | None = None,
    planned_steps: int = 100,
) -> pd.DataFrame:
    """The frame of one fabricated run, indexed by its seed."""
    folder.mkdir(parents=True, exist_ok=True)
    record = Record(
        identity=f"{folder.name}{seed}",
        arm_identity=folder.name,
        task_identity="task",
        name=folder.name,
        seed=seed,
        choices={},
        overrides=[],
        config={},
        status=status,
        metric="accuracy",
        metrics={"test": {"accuracy": accuracy}} if status == FINISHED else {},
        steps=100,
        planned_steps=planned_steps,
    )
    rows = [(step, 0.0, "validation", "accuracy", value) for step, value in (curve or {}).items()]
    records.save(record, pd.DataFrame(rows, columns=records.CURVE_COLUMNS), folder)
    runs, problems = read_runs([folder])
    assert problems == []
    return runs.set_index("seed", drop=False)


def arm(folder: Path, name: str, accuracies: list[float], **options: Any) -> dict[Cell, pd.DataFrame]:
    runs = [
        make_run(folder / f"{name}{seed}", seed, accuracy, **options)
        for seed, accuracy in enumerate(accuracies)
    ]
    return {Cell("all", name): pd.concat(runs)}


BETTER = prediction(metric="accuracy", arm="b", against="a", at_least=0.01)
WORSE = prediction(metric="accuracy", arm="a", against="b", at_least=0.01)
CLOSE = prediction(metric="accuracy", arm="b", against="a", at_least=0.1)
A, B = [0.80, 0.81, 0.82, 0.80, 0.81], [0.90, 0.92, 0.91, 0.91, 0.90]


@pytest.mark.parametrize(
    ("predictions", "outcomes", "overall"),
    [
        ([BETTER], [HOLDS], CONFIRMED),
        ([WORSE], [FAILS], REFUTED),
        ([CLOSE], [INCONCLUSIVE], INCONCLUSIVE),
        ([BETTER, WORSE], [HOLDS, FAILS], MIXED),
        ([BETTER, CLOSE], [HOLDS, INCONCLUSIVE], INCONCLUSIVE),
    ],
)
def test_outcomes(tmp_path: Path, predictions: list[Any], outcomes: list[str], overall: str) -> None:
    judged = judge.judge(claim_with(*predictions), {**arm(tmp_path, "a", A), **arm(tmp_path, "b", B)}, {})
    assert [one.outcome for one in judged] == outcomes
    assert judge.overall(judged) == overall


def test_an_open_prediction_says_how_many_seeds_would_decide(tmp_path: Path) -> None:
    b = [0.90, 0.95, 0.91, 0.93, 0.95]
    runs = {**arm(tmp_path, "a", A), **arm(tmp_path, "b", b)}
    judged = judge.judge(claim_with(CLOSE), runs, {})
    assert judged[0].outcome == INCONCLUSIVE
    assert judged[0].seeds_needed is not None
    assert judged[0].seeds_needed > 5
    assert f"About {judged[0].seeds_needed} seeds would decide" in judge.summary(judged)


def test_one_arm_that_fails_makes_a_prediction_about_every_arm_fail(tmp_path: Path) -> None:
    claim = claim_with(prediction(metric="accuracy", arm=["a", "b"], at_least=0.85))
    judged = judge.judge(claim, {**arm(tmp_path, "a", A), **arm(tmp_path, "b", B)}, {})
    assert [row.outcome for row in judged[0].rows] == [FAILS, HOLDS]
    assert judged[0].outcome == FAILS


def test_more_predictions_need_stronger_evidence(tmp_path: Path) -> None:
    b = [0.825, 0.83, 0.85, 0.82, 0.83]
    runs = {**arm(tmp_path, "a", A), **arm(tmp_path, "b", b)}
    alone = judge.judge(claim_with(BETTER), runs, {})[0]
    close = [
        prediction(metric="accuracy", arm="b", against="a", at_least=0.02 + place / 1e4) for place in range(9)
    ]
    among_ten = judge.judge(claim_with(BETTER, *close), runs, {})[0]
    assert alone.outcome == HOLDS
    assert among_ten.p_value == pytest.approx(10 * alone.p_value)


def test_seeds_are_paired(tmp_path: Path) -> None:
    a = [0.5, 0.6, 0.7, 0.8, 0.9]
    b = [value + 0.02 + 0.001 * place for place, value in enumerate(a)]
    judged = judge.judge(claim_with(BETTER), {**arm(tmp_path, "a", a), **arm(tmp_path, "b", b)}, {})
    assert judged[0].outcome == HOLDS, "the spread between seeds is far larger than the difference"


def test_a_run_that_diverged_counts_as_its_untrained_network(tmp_path: Path) -> None:
    run = make_run(tmp_path / "x", 0, 0.0, status=DIVERGED, curve={0: 0.1, 50: 0.7})
    counted = outcomes_of(run, "accuracy")
    assert counted.number.tolist() == [0.1]
    assert counted.untrained.tolist() == [True]
    assert outcomes_of(run, "diverged").number.tolist() == [1.0]


def test_a_run_that_failed_is_left_out_and_said(tmp_path: Path) -> None:
    runs = {**arm(tmp_path, "a", A), **arm(tmp_path, "b", B)}
    failed = make_run(tmp_path / "failed", 4, 0.0, status=FAILED)
    runs[Cell("all", "b")] = pd.concat([runs[Cell("all", "b")].drop(4), failed])
    judged = judge.judge(claim_with(BETTER), runs, {})
    assert judged[0].rows[0].n == 4
    assert any("left out" in note for note in judged[0].rows[0].notes)


def test_steps_to_target_are_censored_at_the_end(tmp_path: Path) -> None:
    reached = make_run(tmp_path / "r", 0, 0.9, curve={0: 0.1, 20: 0.5, 40: 0.95})
    never = make_run(tmp_path / "n", 0, 0.9, curve={0: 0.1, 100: 0.5})
    counted = outcomes_of(pd.concat([reached, never]), "steps_to_target", 0.95)
    assert counted.number.tolist() == [40, 100]
    assert counted.censored.tolist() == [False, True]


def test_ratios_are_judged_on_the_log_scale(tmp_path: Path) -> None:
    claim = claim_with(
        prediction(metric="steps_to_target", target=0.9, arm="a", against="b", ratio=True, at_least=2)
    )
    slow = arm(tmp_path, "a", A, curve={0: 0.0, 80: 0.9})
    fast = arm(tmp_path, "b", B, curve={0: 0.0, 20: 0.9})
    judged = judge.judge(claim, {**slow, **fast}, {})
    assert judged[0].outcome == HOLDS
    assert judged[0].rows[0].mean == pytest.approx(4)


def test_arms_of_different_conditions(tmp_path: Path) -> None:
    plain = copy.deepcopy(GOOD)
    plain["predictions"] = [prediction(metric="accuracy", arm="a@small", against="a@large", at_most=-0.05)]
    small, large = arm(tmp_path / "s", "a", A), arm(tmp_path / "l", "a", B)
    runs = {
        Cell("small", "a"): small[Cell("all", "a")],
        Cell("large", "a"): large[Cell("all", "a")],
    }
    judged = judge.judge(parse(plain, "f"), runs, {})
    assert len(judged[0].rows) == 1
    assert judged[0].outcome == HOLDS


def test_shares_of_paired_runs_are_judged_by_an_exact_test(tmp_path: Path) -> None:
    """a diverges with 6 of 8 seeds, b never: more often, but not by a margin of one half."""
    start = {0: 0.1}
    runs = {Cell("all", "b"): arm(tmp_path, "b", [0.9] * 8)[Cell("all", "b")]}
    a = [
        make_run(tmp_path / f"a{seed}", seed, 0.9, DIVERGED if seed < 6 else FINISHED, start)
        for seed in range(8)
    ]
    runs[Cell("all", "a")] = pd.concat(a)
    more = prediction(metric="diverged", arm="a", against="b", at_least=0.0)
    far_more = {**more, "at_least": 0.5}
    judged = judge.judge(claim_with(more, far_more), runs, {})
    assert [one.outcome for one in judged] == [HOLDS, INCONCLUSIVE]
    (row,) = judged[0].rows
    assert (row.mean, row.n) == (0.75, 8)
    assert row.low is not None
    assert 0 < row.low < 0.5


def test_a_share_has_the_same_interval_in_the_table_of_arms_as_in_its_row(tmp_path: Path) -> None:
    runs = arm(tmp_path, "a", [0.9] * 8)
    share = prediction(metric="diverged", arm="a", at_most=0.5)
    (row,) = judge.judge(claim_with(share), runs, {})[0].rows
    table = judge.arm_metric("diverged", None, outcomes_of(runs[Cell("all", "a")], "diverged"))
    assert (table.mean, table.low, table.high) == (row.mean, row.low, row.high)
    assert row.high == pytest.approx(1 - 0.025 ** (1 / 8))


def test_quantities_of_a_check(tmp_path: Path) -> None:
    plain = {
        "statement": "s",
        "source": "s",
        "check": "losslab.nowhere",
        "predictions": [
            prediction(quantity="exact", equals=0.25, within=0.01),
            prediction(quantity="ratio", at_least=2, ratio=True),
            prediction(quantity="ratio", at_most=2, ratio=True),
        ],
    }
    measured = {"exact": 0.2501, "ratio": [2.9, 3.0, 3.2, 3.1, 3.0]}
    judged = judge.judge(parse(plain, "f"), {}, measured)
    assert [one.outcome for one in judged] == [HOLDS, HOLDS, FAILS]
    assert judged[0].rows[0].exact


def test_a_censored_run_is_evidence_in_one_direction_only(tmp_path: Path) -> None:
    """b reaches 0.9 at step 60, a never within 100: a / b is at least 1.67, and may be anything above."""
    a = arm(tmp_path, "a", A, curve={0: 0.0, 100: 0.5})
    b = arm(tmp_path, "b", B, curve={0: 0.0, 60: 0.9})

    def outcome(**margin: float) -> str:
        steps = prediction(metric="steps_to_target", target=0.9, arm="a", against="b", ratio=True, **margin)
        return judge.judge(claim_with(steps), {**a, **b}, {})[0].outcome

    assert outcome(at_least=1.5) == HOLDS
    assert outcome(at_most=1.5) == FAILS
    assert outcome(at_least=2.0) == INCONCLUSIVE
    assert outcome(at_most=2.0) == INCONCLUSIVE


def test_where_neither_reached_the_target_nothing_is_known(tmp_path: Path) -> None:
    never = {0: 0.0, 100: 0.5}
    runs = {**arm(tmp_path, "a", A, curve=never), **arm(tmp_path, "b", B, curve=never)}
    steps = prediction(metric="steps_to_target", target=0.9, arm="a", against="b", ratio=True, at_least=0.5)
    assert judge.judge(claim_with(steps), runs, {})[0].outcome == INCONCLUSIVE
