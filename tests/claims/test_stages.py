"""Which runs a claim has: equal budgets, seeds apart, test data unread while tuning."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
from claim_example import GOOD
from hydra.core.override_parser.overrides_parser import OverridesParser

from losslab.claims import stages
from losslab.claims.parse import parse
from losslab.errors import UserError

CLAIM = parse(GOOD, "f.yaml")


def test_every_arm_has_the_same_tuning_budget() -> None:
    runs = stages.tuning_runs(CLAIM, [])
    assert set(Counter(run.cell for run in runs).values()) == {2}
    assert len(runs) == 2 * 2 * 2 * 1
    assert stages.count(CLAIM) == (len(runs), 12, 12)


def test_tuning_reads_no_test_data_and_uses_its_own_seeds() -> None:
    for run in stages.tuning_runs(CLAIM, []):
        assert "read_test=false" in run.overrides
        assert run.seed == 100
    for run in stages.reporting_runs(CLAIM, {}, [], seeds=CLAIM.seeds(3)):
        assert not any("read_test" in override for override in run.overrides)
        assert run.seed in (0, 1, 2)


def test_what_was_chosen_is_reported() -> None:
    cell = stages.Cell("small", "a")
    runs = stages.reporting_runs(CLAIM, {cell: (("optimizer.lr", 1.0),)}, [], seeds=[0])
    assert {"optimizer.lr=1.0" in run.overrides for run in runs if run.cell == cell} == {True}


def test_the_command_line_wins_and_what_it_fixes_is_not_tuned() -> None:
    runs = stages.reporting_runs(CLAIM, {}, ["optimizer.lr=7", "loss=l1"], seeds=[0])
    assert all("optimizer.lr=7" in run.overrides and "loss=l1" in run.overrides for run in runs)
    assert not any("loss=mse" in run.overrides for run in runs)
    assert stages.tuning_runs(CLAIM, ["optimizer.lr=7"]) == []


def test_an_override_that_is_none() -> None:
    with pytest.raises(UserError, match="is not an override"):
        stages.reporting_runs(CLAIM, {}, ["=3"], seeds=[0])


def test_an_arm_that_is_dropped_in_is_not_tuned_and_takes_the_values_of_another() -> None:
    plain = copy.deepcopy(GOOD)
    plain["conditions"]["large"]["as_tuned_for"] = "a"
    claim = parse(plain, "f.yaml")
    assert {run.cell.name for run in stages.tuning_runs(claim, [])} == {"small.a", "small.b", "large.a"}
    chosen = {stages.Cell("large", "a"): (("optimizer.lr", 1.0),)}
    runs = stages.reporting_runs(claim, chosen, [], seeds=[0])
    rates = {run.cell.name: "optimizer.lr=1.0" in run.overrides for run in runs}
    assert rates == {"small.a": False, "small.b": False, "large.a": True, "large.b": True}


def test_seeds_are_added_to_some_cells_only() -> None:
    cell = stages.Cell("small", "a")
    runs = stages.reporting_runs(CLAIM, {}, [], seeds=[3, 4], of={cell})
    assert [(run.cell, run.seed) for run in runs] == [(cell, 3), (cell, 4)]


@pytest.mark.parametrize(
    "value", [None, True, False, 3, 0.1, 1e-05, "relu", "null", "a b", "it's", [64, 32], [None, "a,b"], []]
)
def test_a_value_of_a_grid_is_for_hydra_what_it_is_in_the_file(value: Any) -> None:
    plain = {**copy.deepcopy(GOOD), "tune": {"some.key": [value, "another"]}}
    run = stages.tuning_runs(parse(plain, "f.yaml"), [])[0]
    override = next(each for each in run.overrides if each.startswith("some.key="))
    assert OverridesParser.create().parse_override(override).value() == value
    assert isinstance(hash(run), int)
