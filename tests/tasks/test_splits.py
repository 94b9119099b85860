"""Splits: complete, disjoint, stratified, and the same whatever the run."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from losslab.config.settings import SplitSettings, validated
from losslab.errors import UserError
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.sources import Raw
from losslab.tasks.splits import split_indices


def raw(per_class, classes, is_test=None):
    targets = torch.arange(classes).repeat(per_class)
    return Raw(targets.float().unsqueeze(1), targets, is_test)


def split(validation, test, seed):
    data = {"validation": validation, "test": test, "seed": seed}
    return validated(SplitSettings, data, where="task.split")


@given(
    per_class=st.integers(20, 60),
    classes=st.integers(2, 6),
    validation=st.floats(0.1, 0.4),
    test=st.floats(0.1, 0.4),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=50, deadline=None)
def test_splits_are_complete_disjoint_and_stratified(per_class, classes, validation, test, seed):
    data = raw(per_class, classes)
    parts = split_indices(data, Multiclass(classes), split(validation, test, seed))
    together = torch.cat(list(parts.values()))
    assert sorted(together.tolist()) == list(range(len(data)))
    for part in parts.values():
        counts = torch.bincount(data.targets[part], minlength=classes)
        assert int(counts.max() - counts.min()) <= 2
    assert len(parts["test"]) == pytest.approx(test * len(data), abs=1)
    assert len(parts["validation"]) == pytest.approx(validation * len(data), abs=1)


def test_same_seed_same_split():
    first, again, other = (
        split_indices(raw(40, 5), Multiclass(5), split(0.2, 0.2, seed))["train"].tolist()
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_the_data_sets_own_test_samples_are_the_test_split():
    is_test = torch.zeros(100, dtype=torch.bool)
    is_test[::4] = True
    parts = split_indices(raw(20, 5, is_test), Multiclass(5), split(10, None, 0))
    assert parts["test"].tolist() == is_test.nonzero()[:, 0].tolist()
    assert len(parts["validation"]) == 10


@pytest.mark.parametrize(
    ("validation", "test", "sentence"),
    [
        (0.0, 0.2, "task.split.validation=0.0"),
        (1000, 0.2, "task.split.validation=1000 leaves nothing"),
        ("a", 0.2, "task.split.validation=a"),
        (0.2, None, "task.split.test is null"),
        (2, 0.2, "cannot be cut off evenly by class"),
    ],
)
def test_impossible_splits(validation, test, sentence):
    with pytest.raises(UserError, match=sentence):
        split_indices(raw(20, 5), Multiclass(5), split(validation, test, 0))
