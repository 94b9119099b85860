"""Overrides as Hydra's grammar reads them."""

import pytest
from hydra.errors import HydraException

from losslab.config.overrides import combinations, first_sweep, quoted


def test_every_combination_in_the_order_of_the_keys():
    assert combinations(["loss=mse,l1", "seed=range(0,2)", "+a.b=x"]) == [
        ["loss=mse", "seed=0", "+a.b=x"],
        ["loss=mse", "seed=1", "+a.b=x"],
        ["loss=l1", "seed=0", "+a.b=x"],
        ["loss=l1", "seed=1", "+a.b=x"],
    ]


def test_of_one_key_the_last_counts():
    assert combinations(["seed=0,1", "seed=2"]) == [["seed=2"]]


def test_an_interval_is_no_list_of_values():
    with pytest.raises(HydraException, match=r"interval\(0,1\) names an interval"):
        combinations(["optimizer.lr=interval(0,1)"])


def test_the_first_that_sweeps():
    assert first_sweep(["a=1", "b=[1,2]", "c=1,2", "d=range(3)"]) == "c=1,2"
    assert first_sweep(["a=1"]) is None


@pytest.mark.parametrize("value", ["plain", "a b", "it's", "a=b,c", "ü{}[]"])
def test_any_characters_can_be_quoted(value):
    (((override,),),) = [combinations([f"folder={quoted(value)}"])]
    assert override == f"folder={quoted(value)}"
