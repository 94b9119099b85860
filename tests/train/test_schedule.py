"""The learning rate over the steps: closed forms, warm-up, and that it is logged and part of an arm."""

import math

import pandas as pd
import pytest
import torch
from torch import nn

from losslab.config.identity import identities
from losslab.errors import UserError
from losslab.train.schedule import scheduler_maker

STEPS = 20


def rates(composed, *overrides, steps=STEPS):
    """The learning rate of each step, relative to the optimiser's."""
    chosen = composed(*overrides)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    scheduler = scheduler_maker(chosen.scheduler, chosen.choices["scheduler"], steps)(optimizer)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"] / 0.4)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
    return found


def test_closed_forms(composed):
    assert rates(composed) == [1.0] * STEPS
    assert rates(composed, "scheduler=cosine") == pytest.approx(
        [(1 + math.cos(math.pi * step / STEPS)) / 2 for step in range(STEPS)]
    )
    assert rates(composed, "scheduler=linear") == pytest.approx([1 - step / STEPS for step in range(STEPS)])


@pytest.mark.parametrize("warmup", ["5", "0.25"])
def test_a_warm_up_in_steps_or_as_a_share_comes_before_any_of_them(composed, warmup):
    rising = [0.2, 0.4, 0.6, 0.8, 1.0]
    chosen = f"scheduler.warmup={warmup}"
    assert rates(composed, chosen) == pytest.approx([*rising, *[1.0] * 15])
    falling = [1 - step / 15 for step in range(15)]
    assert rates(composed, "scheduler=linear", chosen) == pytest.approx([*rising, *falling])


@pytest.mark.parametrize(
    ("warmup", "sentence"),
    [
        ("20", "^scheduler.warmup=20 leaves no step after the warm-up: the run has 20$"),
        ("-1", r"^scheduler.warmup=-1 is wrong: give a number of steps from 0, or a share of them below 1$"),
        ("1.5", r"^scheduler.warmup=1.5 is wrong: give a number of steps"),
    ],
)
def test_a_warm_up_that_cannot_be_one_is_refused(composed, warmup, sentence):
    with pytest.raises(UserError, match=sentence):
        rates(composed, f"scheduler.warmup={warmup}")


def test_a_decay_of_ones_own_is_any_function_of_optimiser_and_steps(composed):
    own = "scheduler.decay={_target_:torch.optim.lr_scheduler.StepLR,gamma:0.5}"
    assert rates(composed, own, steps=4) == [1.0] * 4  # every 4 steps
    with pytest.raises(UserError, match=r"^scheduler=constant could not be made: .*unexpected keyword"):
        rates(composed, "scheduler.decay={_target_:torch.optim.lr_scheduler.StepLR,slope:2}")


def test_it_is_part_of_the_arm_and_of_the_logged_learning_rate(composed, train):
    assert identities(composed("scheduler=cosine"))["arm_identity"] != identities(composed())["arm_identity"]
    record, folder = train("scheduler=linear", "scheduler.warmup=4", "trainer.max_epochs=1")
    assert record.steps == 34
    seen = pd.read_csv(folder / "diagnostics.csv").query("quantity == 'learning_rate'")
    logged = dict(zip(seen["step"], seen["value"], strict=True))
    assert logged == {1: pytest.approx(0.001 / 4), 20: pytest.approx(0.001 * (1 - 15 / 30))}
