"""Predictions that mean nothing, or that nothing could decide, are refused before any training."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from claim_example import GOOD

from losslab.claims.catalogue import claims
from losslab.claims.refusals import Budget, check_losses, check_shares, check_steps
from losslab.claims.schema import Claim, parse
from losslab.claims.stages import cells
from losslab.errors import UserError


def claim_with(**prediction: Any) -> Claim:
    plain = copy.deepcopy(GOOD)
    plain["predictions"] = [{"says": "It is so.", "why": "Because.", **prediction}]
    return parse(plain, "f.yaml")


def settings_of(claim: Claim, **losses: str) -> Any:
    """Of each cell, with the loss of its arm."""
    return {cell: SimpleNamespace(loss=losses[cell.arm]) for cell in cells(claim)}


@pytest.mark.parametrize(
    "metric", ["loss_fluctuation", "distance_to_best_loss", "early_gradient_norm", "train.loss"]
)
def test_values_of_different_losses_are_not_compared(metric: str) -> None:
    compared = claim_with(metric=metric, arm="b", against="a", at_least=1, ratio=True)
    with pytest.raises(UserError, match=r"predictions\.0\.metric: .* b and a have different losses"):
        check_losses(compared, settings_of(compared, a="mse", b="cross_entropy"), "f.yaml")
    check_losses(compared, settings_of(compared, a="mse", b="mse"), "f.yaml")
    alone = claim_with(metric=metric, arm="b", at_least=1)
    check_losses(alone, settings_of(alone, a="mse", b="cross_entropy"), "f.yaml")
    accuracy = claim_with(metric="accuracy", arm="b", against="a", at_least=0.1)
    check_losses(accuracy, settings_of(accuracy, a="mse", b="cross_entropy"), "f.yaml")


def test_no_claim_of_ours_compares_values_of_different_losses() -> None:
    for name, claim in claims(None).items():
        losses = {
            arm: " ".join(override for override in overrides if override.startswith("loss"))
            for arm, overrides in claim.arms.items()
        }
        check_losses(claim, settings_of(claim, **losses), name)


def test_a_ratio_of_steps_beyond_what_a_run_can_show_is_refused() -> None:
    def check(margins: dict[str, float], steps: int = 100) -> None:
        claim = claim_with(metric="steps_to_target", target=0.9, arm="a", against="b", ratio=True, **margins)
        check_steps(claim, {cell: Budget(steps, 20) for cell in cells(claim)}, "f.yaml")

    with pytest.raises(UserError, match=r"at least 5 times can never be decided: .* between 0\.2 and 5;"):
        check({"at_least": 5})
    with pytest.raises(UserError, match=r"at most 0\.1 times can never be decided"):
        check({"at_most": 0.1})
    check({"at_least": 5}, steps=200)
    check({"at_least": 1.25})


def test_seeds_that_could_never_decide_about_a_share_are_refused() -> None:
    rare = claim_with(metric="diverged", arm="a", at_least=0.1)
    with pytest.raises(UserError, match=r"no outcome of 8 seeds .* at least 0\.1: give at least 36 seeds"):
        check_shares(rare, 8, 0.05, "f.yaml")
    check_shares(rare, 40, 0.0336, "f.yaml")  # the level of the last of the usual stages
    with pytest.raises(UserError, match="change the margin"):
        check_shares(claim_with(metric="collapsed", arm="a", at_most=0.0), 40, 0.05, "f.yaml")
    more_often = claim_with(metric="diverged", arm="a", against="b", at_least=0.0)
    with pytest.raises(UserError, match=r"give at least \d seeds"):
        check_shares(more_often, 3, 0.05, "f.yaml")
    check_shares(more_often, 8, 0.05, "f.yaml")
