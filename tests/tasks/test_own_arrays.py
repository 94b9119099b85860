"""What the user's own function may return: converted where that is safe, else one sentence."""

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from losslab.errors import UserError
from losslab.tasks.kinds.binary import Binary
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.kinds.regression import Regression
from losslab.tasks.scaling import Scaling
from losslab.tasks.sources import Raw
from losslab.tasks.sources.own import from_user

WHERE = "task.source=mine.load"
INPUTS = np.arange(12, dtype=np.float64).reshape(6, 2)


@pytest.mark.parametrize(
    "same",
    [
        INPUTS[::-1].copy()[::-1],
        INPUTS.astype(">f8"),
        np.asfortranarray(INPUTS),
        INPUTS.astype(np.uint16),
        torch.from_numpy(INPUTS.astype(np.uint16)),
        INPUTS.astype(np.longdouble),
        np.ma.masked_array(INPUTS, mask=False),
        torch.tensor(INPUTS, requires_grad=True),
        INPUTS.tolist(),
    ],
    ids=[
        "reversed",
        "big-endian",
        "columns first",
        "uint16",
        "uint16 tensor",
        "long double",
        "unmasked",
        "tensor",
        "list",
    ],
)
def test_the_same_numbers_in_another_form_are_the_same_data(same):
    raw = from_user((same, np.arange(6)), WHERE)
    assert raw.inputs.tolist() == INPUTS.tolist()
    assert raw.inputs.dtype == torch.float32
    assert not raw.inputs.requires_grad


def test_arrays_that_cannot_be_written_to_are_copied(recwarn):
    frozen = INPUTS.copy()
    frozen.flags.writeable = False
    assert from_user((frozen, np.arange(6)), WHERE).inputs.tolist() == INPUTS.tolist()
    assert not recwarn.list


def test_a_single_row_may_be_reversed():
    assert from_user((INPUTS[:1][::-1], np.arange(1)[::-1]), WHERE).inputs.tolist() == INPUTS[:1].tolist()


def test_a_spread_that_float32_cannot_hold_is_no_spread():
    inputs = torch.zeros(20, 1)
    inputs[3] = 1e-45  # the smallest number above 0
    scaled = Scaling.fit("standardise", Raw(inputs, torch.zeros(20)), torch.arange(20))(inputs)
    assert scaled.isfinite().all()


def test_targets_whose_mean_float32_cannot_hold():
    with pytest.raises(UserError, match=r"targets reach 3.0e\+38, and their mean .* are beyond float32"):
        Regression(1, "standardise").fitted(torch.full((40, 1), 3e38))


class Broken(Dataset):
    def __init__(self, *samples):
        self.samples = samples

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        return self.samples[index]


class Endless(IterableDataset):
    def __iter__(self):
        return iter([])


MASKED = np.ma.masked_array(INPUTS, mask=INPUTS == 3)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ((np.zeros((3, 2)), np.zeros(4)), r"inputs of shape \(3, 2\) but targets of shape \(4,\)"),
        (
            (np.array([[1.0], [np.nan], [np.inf]]), np.zeros(3)),
            r"inputs hold NaN, .* in 2 of 3 samples: 1, 2",
        ),
        ((np.zeros((2, 1)), np.array([0.0, np.nan])), r"targets hold NaN, .* in 1 of 2 samples: 1"),
        ((np.array([[1.0], [1e39]]), np.zeros(2)), r"numbers beyond 3.4e\+38 in 1 of 2 samples: 1"),
        ((INPUTS, np.array([0, 0, 0, 0, 0, -1e39])), r"targets hold .* in 1 of 6 samples: 5"),
        ((INPUTS * 1j, np.zeros(6)), "inputs are complex numbers"),
        ((torch.zeros(2, dtype=torch.complex64), np.zeros(2)), "inputs are complex numbers"),
        ((INPUTS, np.full(6, 2**63, np.uint64)), "targets are whole numbers up to 9223372036854775808"),
        ((MASKED, np.zeros(6)), "inputs are a masked array with 1 masked values"),
        ((np.array([["a"]]), np.zeros(1)), "inputs are not an array of numbers but of <U1"),
        (
            (np.zeros(1), np.array(["2020-01-01"], dtype="datetime64[D]")),
            "targets are not an array of numbers",
        ),
        (([[1], [2, 3]], np.zeros(2)), "inputs are not an array of numbers"),
        ((np.zeros((0, 2)), np.zeros(0)), r"inputs of shape \(0, 2\), which hold no values"),
        ((np.zeros((2, 1)), np.zeros((2, 0))), r"targets of shape \(2, 0\), which hold no values"),
        ((np.float64(3), np.float64(4)), "both need one row per sample"),
        ([1, 2, 3], "returned list: it must return"),
        (TensorDataset(torch.zeros(0, 1), torch.zeros(0)), "Dataset without samples"),
        (TensorDataset(torch.zeros(3, 1)), r"returned a Dataset of tuple: samples must be \(input, target\)"),
        (Broken((torch.zeros(2), 0), (torch.zeros(2), torch.zeros(3))), "targets are of different shapes"),
        (Broken((torch.zeros(2), float("nan"))), "targets hold NaN"),
        (Broken((None, 0)), "inputs are not an array of numbers but of object"),
        (Endless(), "returned a Dataset without a length"),
    ],
)
def test_what_cannot_be_used_is_named(value, sentence):
    with pytest.raises(UserError, match=sentence):
        from_user(value, WHERE)


def test_inputs_of_a_dataset_are_checked_when_they_are_read():
    shapes = from_user(Broken((torch.zeros(2), 0), (torch.zeros(3), 1)), WHERE)
    with pytest.raises(UserError, match="inputs cannot be put together"):
        shapes.all_inputs()
    values = from_user(Broken((torch.zeros(2), 0), (torch.tensor([1, torch.inf]), 1)), WHERE)
    with pytest.raises(UserError, match="inputs hold NaN, infinity"):
        values.all_inputs()


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 50] * 10, "the 2 labels 0, 50: number them in order"),
        ([label * 10**9 for label in range(4)] * 5, "the 4 labels 0, 1000000000"),
        ([1, 2, 3] * 4, "numbered from 0 without gaps; the data have the 3 labels 1, 2, 3"),
        ([0] * 20, "needs two classes or more"),
        ([-1, 1] * 5, "must not be negative"),
    ],
)
def test_labels_that_are_no_class_indices(composed, labels, sentence):
    raw = from_user((np.zeros((len(labels), 1)), np.array(labels)), WHERE)
    with pytest.raises(UserError, match=sentence):
        Multiclass.from_config(composed().task, raw)


@pytest.mark.parametrize("labels", [[1] * 4, [1, 2, 1, 2], [-1, 1, -1, 1]])
def test_two_classes_that_are_not_0_and_1(composed, labels):
    raw = from_user((np.zeros((4, 1)), np.array(labels)), WHERE)
    with pytest.raises(UserError, match=r"needs targets of 0 and 1, .*task.source.positive=VALUE"):
        Binary.from_config(composed().task, raw)
