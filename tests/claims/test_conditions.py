"""Conditions as combinations of levels: which ones a few words name, and the words that name some of them."""

from __future__ import annotations

import pytest

from losslab.claims import conditions
from losslab.claims.conditions import Condition
from losslab.claims.verdict import (
    BORDERLINE,
    CONFIRMED,
    DEPENDS,
    NOT_TESTED,
    REFUTED,
    TOO_CLOSE,
    UNDECIDED,
)
from losslab.claims.words import in_most, joined

FACTORS = [
    dict.fromkeys(levels.split(), Condition())
    for levels in ("mnist fashion", "adam sgd", "tuned dropped_in", "raw softmax sigmoid")
]
ALL = conditions.names(FACTORS)


def test_without_factors_there_is_one_condition_without_a_name() -> None:
    assert conditions.names([]) == [""]
    assert conditions.chosen([], []) == [""]
    assert conditions.moved([], "", "") == ""


def test_levels_of_one_factor_are_alternatives_and_those_of_several_go_together() -> None:
    assert len(ALL) == 24
    assert len(conditions.chosen(FACTORS, ["sgd"])) == 12
    assert len(conditions.chosen(FACTORS, ["sgd", "raw", "softmax"])) == 8
    assert conditions.chosen(FACTORS, ["mnist-sgd-tuned-raw"]) == ["mnist-sgd-tuned-raw"]
    assert conditions.unknown(FACTORS, ["mnist-rmsprop"]) == ["rmsprop"]


def test_the_same_condition_with_another_level() -> None:
    assert conditions.moved(FACTORS, "mnist-sgd-tuned-raw", "adam") == "mnist-adam-tuned-raw"
    assert conditions.moved(FACTORS, "mnist-sgd-tuned-raw", "fashion-raw") == "fashion-sgd-tuned-raw"
    assert conditions.moved(FACTORS, "mnist-sgd-tuned-raw", "") == "mnist-sgd-tuned-raw"


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (["sgd"], "sgd"),
        (["sgd", "dropped_in"], "sgd dropped in"),
        (["raw", "softmax"], "raw, softmax"),
        (["mnist-sgd-tuned-raw"], "mnist sgd tuned raw"),
    ],
)
def test_some_conditions_in_few_words(wanted: list[str], words: str) -> None:
    assert conditions.described(conditions.chosen(FACTORS, wanted), ALL) == words


@pytest.mark.parametrize(
    ("adam", "sgd", "outcome", "where"),
    [
        (CONFIRMED, CONFIRMED, CONFIRMED, ""),
        (REFUTED, CONFIRMED, DEPENDS, "with sgd, not with adam"),
        (TOO_CLOSE, CONFIRMED, DEPENDS, "holds with sgd; too close to matter with adam"),
        (TOO_CLOSE, REFUTED, REFUTED, "fails with sgd; too close to matter with adam"),
        (CONFIRMED, UNDECIDED, UNDECIDED, "holds with adam; undecided with sgd"),
        (CONFIRMED, BORDERLINE, BORDERLINE, "holds with adam; borderline with sgd"),
        (CONFIRMED, NOT_TESTED, CONFIRMED, "holds with adam; not tested with sgd"),
        (NOT_TESTED, NOT_TESTED, NOT_TESTED, ""),
    ],
)
def test_the_words_of_conditions_become_one(adam: str, sgd: str, outcome: str, where: str) -> None:
    assert joined({"adam": adam, "sgd": sgd}) == (outcome, where)  # type: ignore[dict-item]


@pytest.mark.parametrize(("holds", "outcome"), [(9, CONFIRMED), (8, UNDECIDED), (1, REFUTED), (2, UNDECIDED)])
def test_most_of_ten_tables(holds: int, outcome: str) -> None:
    words = {f"table_{place}": CONFIRMED if place < holds else REFUTED for place in range(10)}
    assert in_most(words)[0] == outcome  # type: ignore[arg-type]


def test_a_table_that_is_not_decided_counts_against_either_verdict() -> None:
    words = {f"table_{place}": CONFIRMED if place < 8 else UNDECIDED for place in range(10)}
    assert in_most(words) == (UNDECIDED, "holds in 8 of 10, fails in 0: a share of 0.80 [0.44, 0.97]")  # type: ignore[arg-type]


def test_a_number_in_a_level_is_spoken_with_its_point():
    assert conditions.spoken("adam_0_001-mnist_5_percent") == "adam 0.001, mnist 5 percent"
    assert conditions.described(["adam_0_01-raw"], ["adam_0_01-raw", "adam_0_1-raw"]) == "adam 0.01"


def test_most_of_many_conditions_are_elsewhere():
    names = ["relu", "tanh", "swish", "mse", "entropy"]
    words = dict.fromkeys(names, CONFIRMED) | {"entropy": REFUTED}
    assert joined(words) == (DEPENDS, "fails with entropy; holds elsewhere")
    three = {"relu": CONFIRMED, "tanh": REFUTED, "mse": TOO_CLOSE}
    assert joined(three)[1] == "holds with relu; fails with tanh; too close to matter with mse"
