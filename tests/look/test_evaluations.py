"""When curves get their points: by counts alone, within a tenth of the training, and never fewer than ten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from losslab import records
from losslab.config.settings import TrainerSettings
from losslab.look.evaluations import FEWEST_VALUES, SHARE, TRAINING_COST, Evaluations, evaluations


def settings(eval_every, batch_size=32, max_epochs=3):
    chosen = {"eval_every": eval_every, "batch_size": batch_size, "max_epochs": max_epochs}
    return TrainerSettings.model_construct(**chosen)


@given(
    train=st.integers(1, 20_000),
    validation=st.integers(1, 20_000),
    batch_size=st.integers(8, 512),
    max_epochs=st.integers(1, 100),
)
def test_auto_stays_within_its_share_and_shows_a_curve(train, validation, batch_size, max_epochs):
    plan = evaluations(settings("auto", batch_size, max_epochs), train, validation)
    steps = -(-train // batch_size) * max_epochs
    at = [step for step in range(steps + 1) if plan.due(step)]
    points = len({*at, steps})
    evaluated, fewest = points * sum(plan.samples.values()), 2 * FEWEST_VALUES * points
    assert evaluated <= SHARE * TRAINING_COST * train * max_epochs + fewest
    assert points >= min(7, steps)  # the interval is rounded up
    assert points <= 44
    assert plan.samples["validation"] <= validation
    assert plan.samples["train"] <= min(train, 2000)


def test_a_long_run_evaluates_all_validation_samples_more_often():
    plan = evaluations(settings("auto", 64, 30), 55_000, 5_000)
    assert plan.samples == {"train": 2000, "validation": 5000}
    assert plan.early == (plan.every // 4, plan.every // 2)
    assert plan.every == 650


def test_a_number_is_taken_as_it_is():
    assert evaluations(settings(100), 55_000, 5_000) == Evaluations(100, {"train": 2000, "validation": 5000})


def test_a_short_run_has_enough_behind_each_point():
    assert evaluations(settings("auto"), 1_078, 269).samples == {"train": 256, "validation": 256}
    masks = evaluations(settings("auto", 16, 10), 360, 90, values=48 * 48)
    assert masks.samples == {"train": 25, "validation": 25}


@pytest.mark.parametrize(("every", "early"), [(8, (2, 4)), (5, ()), (1, ())])
def test_the_next_evaluation_is_the_first_due_step(every, early):
    plan = Evaluations(every, {}, early)
    for step in range(30):
        assert plan.next_after(step) == next(later for later in range(step + 1, 60) if plan.due(later))


def test_arms_are_evaluated_at_the_steps_and_on_the_samples_of_the_record(train):
    runs = [train("diagnostics=off", *arm) for arm in ([], ["model=linear", "loss=mse", "optimizer=sgd"])]
    for record, folder in runs:
        curve = records.load_curves(folder).query("split == 'validation' and metric == 'accuracy'")
        plan = record.evaluations
        assert plan == {"every": 7, "samples": {"train": 256, "validation": 256}, "early": [1, 3]}
        assert list(curve["step"]) == [0, 1, 3, *range(7, 68, 7), 68]
        right = curve["value"] * plan["samples"]["validation"]
        assert list(right) == pytest.approx(list(right.round()), abs=1e-3)
        assert records.load(folder).evaluations["every"] == 7
