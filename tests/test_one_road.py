"""Comparison and claims agree on the same records, also where runs diverged, failed or missed the target."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fabricated_records import curves_of, fabricate
from losslab import records
from losslab.claims import judge
from losslab.claims.measures import outcomes_of
from losslab.claims.parse import parse
from losslab.claims.stages import Cell
from losslab.comparison.comparison import compare
from losslab.records import DIVERGED, FAILED, FINISHED, Target
from losslab.records.frame import load_runs

STEADY = [(FINISHED, [0.1, 0.8, 0.9]), (FINISHED, [0.1, 0.7, 0.91]), (FINISHED, [0.1, 0.85, 0.92])] * 2
BRITTLE = [
    (FINISHED, [0.12, 0.7, 0.95]),
    (DIVERGED, [0.13, 0.3]),
    (FAILED, [0.14, 0.96]),
    (FINISHED, [0.15, 0.5, 0.6]),
    (DIVERGED, [0.16, 0.93]),
    (FINISHED, [0.17, 0.9, math.nan]),
]
TARGET = 0.9


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    for loss, runs in (("steady", STEADY), ("brittle", BRITTLE)):
        for seed, (status, values) in enumerate(runs):
            step = next((20 * place for place, value in enumerate(values) if value >= TARGET), None)
            final = {"test": {"accuracy": values[-1]}} if status == FINISHED else {}
            record = fabricate(
                loss,
                seed,
                status=status,
                metrics=final,
                targets=[Target(TARGET, step)],
                steps=40,
                planned_steps=40,
            )
            (tmp_path / f"{loss}{seed}").mkdir()
            records.save(record, curves_of(values), tmp_path / f"{loss}{seed}")
    return tmp_path


def test_comparison_and_claims_count_the_same_numbers(sweep: Path) -> None:
    (task,) = compare([sweep], reference="steady").tasks
    frame, _ = load_runs([sweep])
    by_loss = {
        loss: frame[[choices["loss"] == loss for choices in frame["choices"]]].set_index("seed", drop=False)
        for loss in ("steady", "brittle")
    }
    for loss, runs in by_loss.items():
        claimed, compared = outcomes_of(runs.sort_index(), "accuracy"), task.arm(loss).counted
        assert claimed.number.equals(compared.number)
        assert claimed.untrained.equals(compared.untrained)
        steps = outcomes_of(runs, "steps_to_target", TARGET)
        median = task.arm(loss).targets[TARGET]
        assert median.n == len(steps.number.dropna())
        assert median.reached == int((~steps.censored & ~steps.missing).sum())
    brittle = task.arm("brittle").outcomes
    assert brittle.dropna().to_dict() == {0: 0.95, 1: 0.13, 3: 0.6, 4: 0.16}

    prediction = {"says": "It is so.", "why": "Because.", "role": "core", "metric": "accuracy"}
    prediction |= {"arm": "brittle", "against": "steady", "expect": "higher"}
    claim = parse(
        {
            "statement": "s",
            "source": "s",
            "arms": {"steady": "loss=mse", "brittle": "loss=l1"},
            "stages": 6,
            "first_seed": 0,
            "predictions": [prediction],
        },
        "f.yaml",
    )
    runs = {Cell("", loss): by_loss[loss] for loss in by_loss}
    (row,) = judge.judge(claim, runs, {}).predictions[0].rows
    difference = task.difference("brittle", "steady")
    assert (row.mean, row.low, row.high) == pytest.approx((difference.mean, difference.low, difference.high))
    assert row.n == difference.n == 4
    assert "2 seeds without a value are left out." in row.notes
    note = "diverged: counted as their untrained network."
    assert any(note in each for each in row.notes)
    assert any(note in each for each in task.notes)


def test_steps_are_the_same_by_the_record_and_by_the_curve(sweep: Path) -> None:
    frame, _ = load_runs([sweep])
    by_record = outcomes_of(frame, "steps_to_target", TARGET)
    by_curve = outcomes_of(frame.assign(targets=[[] for _ in frame.index]), "steps_to_target", TARGET)
    assert by_record.number.equals(by_curve.number)
    assert by_record.censored.equals(by_curve.censored)
