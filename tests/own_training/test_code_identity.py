"""What makes a user's function or loss another one, and what does not."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch
from torch import nn

from losslab.own_training.identity import of_object

BASE = """
import functools, math
rate = 0.1
options = {"a": 1}
unused = 3

def helper(x):
    return x * rate

class Loss:
    weight = 2
    def __call__(self, x):
        return helper(x) * self.weight

@functools.cache
def kept(x):
    return x + 1

def train(run):
    def inner(y):
        return y in {"one", "two", "three"}
    class Local:
        pass
    return Loss()(run) + options["a"] + kept(1) + inner("one")
"""


def train_of(source: str) -> Any:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(source, names)
    return names["train"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("unused = 3", "unused = 4"),
        ("rate = 0.1", "rate = 0.1  # a comment\n\n\n"),
        ("def train(run):", "def train(run):\n    '''Words.'''"),
        ("    class Local:\n        pass", "\n\n    class Local:\n        '''Words.'''"),
        ("    def __call__", "    '''Words.'''\n\n    def __call__"),
    ],
)
def test_it_stays_the_same(old: str, new: str) -> None:
    assert old in BASE
    assert of_object(train_of(BASE.replace(old, new))) == of_object(train_of(BASE))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rate = 0.1", "rate = 0.2"),
        ('{"a": 1}', '{"a": 2}'),
        ("x * rate", "x / rate"),
        ("weight = 2", "weight = 3"),
        ("return x + 1", "return x + 2"),
        ('"three"}', '"four"}'),
        ("class Local:\n        pass", "class Local:\n        size = 1"),
    ],
)
def test_it_changes(old: str, new: str) -> None:
    assert old in BASE
    assert of_object(train_of(BASE.replace(old, new))) != of_object(train_of(BASE))


class Slots:
    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value


def closure(value: Any) -> Any:
    return lambda: value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.CrossEntropyLoss(), nn.CrossEntropyLoss(label_smoothing=0.1)),
        (nn.CrossEntropyLoss(torch.ones(2)), nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]))),
        (nn.CrossEntropyLoss, nn.MSELoss),
        (nn.functional.mse_loss, nn.functional.l1_loss),
        (functools.partial(nn.HuberLoss, delta=1.0), functools.partial(nn.HuberLoss, delta=2.0)),
        (torch.relu, torch.tanh),
        (math.sin, math.cos),
        (Slots(1), Slots(2)),
        (closure(torch.zeros(3)), closure(torch.ones(3))),
        (closure([1, 2]), closure([1, 3])),
    ],
)
def test_objects_differ_by_what_they_hold(one: Any, other: Any) -> None:
    assert of_object(one) != of_object(other)
    assert of_object(one) == of_object(one)


def test_equal_objects_are_the_same() -> None:
    assert of_object(nn.HuberLoss(delta=2.0)) == of_object(nn.HuberLoss(delta=2.0))
    assert of_object(closure({"x", "y"})) == of_object(closure({"y", "x"}))
