"""Predictions that mean nothing, or that nothing could decide, are refused before any training."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from claim_example import GOOD

from losslab.claims.parse import parse
from losslab.claims.refusals import Budget, check_losses, check_shares, check_steps
from losslab.claims.schema import Claim
from losslab.claims.stages import cells
from losslab.errors import UserError
from losslab.judgement.sequential import STAGES


def claim_with(prediction: dict[str, Any], **keys: Any) -> Claim:
    plain = {**copy.deepcopy(GOOD), **keys}
    plain["predictions"] = [{"says": "It is so.", "why": "Because.", "role": "core", **prediction}]
    return parse(plain, "f.yaml")


def settings_of(claim: Claim, **losses: str) -> Any:
    """Of each cell, with the loss of its arm."""
    return {cell: SimpleNamespace(loss=losses[cell.arm]) for cell in cells(claim)}


@pytest.mark.parametrize("metric", ["loss_fluctuation", "distance_to_best_loss", "early_gradient_norm"])
def test_values_of_different_losses_are_not_compared(metric: str) -> None:
    margins = {metric: "20%"}
    compared = claim_with({"metric": metric, "arm": "b", "against": "a", "expect": "higher"}, margins=margins)
    with pytest.raises(UserError, match=r"predictions\.0\.metric: .* b and a have different losses"):
        check_losses(compared, settings_of(compared, a="mse", b="cross_entropy"), "f.yaml")
    check_losses(compared, settings_of(compared, a="mse", b="mse"), "f.yaml")
    alone = claim_with({"metric": metric, "arm": "b", "at_least": 1})
    check_losses(alone, settings_of(alone, a="mse", b="cross_entropy"), "f.yaml")


def test_a_ratio_of_steps_beyond_what_a_run_can_show_is_refused() -> None:
    steps = {"metric": "steps_to_target", "target": 0.9, "arm": "a", "against": "b", "expect": "lower"}
    claim = claim_with(steps)
    with pytest.raises(UserError, match=r"a / b can never be decided: .* between 0\.833 and 1\.2;"):
        check_steps(claim, {cell: Budget(60, 50) for cell in cells(claim)}, "f.yaml")
    check_steps(claim, {cell: Budget(100, 20) for cell in cells(claim)}, "f.yaml")


def test_seeds_that_could_never_decide_about_a_share_are_refused() -> None:
    rare = {"metric": "diverged", "arm": "a", "at_least": 0.1}
    with pytest.raises(UserError, match=r"no outcome of 8 seeds .*: give at least \d+ seeds"):
        check_shares(claim_with(rare, stages=[8]), "f.yaml")
    check_shares(claim_with(rare, stages=list(STAGES)), "f.yaml")
    with pytest.raises(UserError, match="change the bound"):
        check_shares(
            claim_with({"metric": "collapsed", "arm": "a", "at_most": 0.0}, stages=list(STAGES)), "f.yaml"
        )
    more_often = {"metric": "diverged", "arm": "a", "against": "b", "expect": "higher"}
    check_shares(claim_with(more_often, stages=list(STAGES)), "f.yaml")
