"""Each worker of a sweep gets a GPU of its own while there are enough; the devices are made up."""

from collections import Counter

import pytest
import torch

from losslab.sweep.devices import share_of, use, visible


@pytest.mark.parametrize(
    ("workers", "expected"), [(4, [1, 1, 1, 1]), (8, [2, 2, 2, 2]), (3, [1, 1, 1]), (6, [2, 2, 1, 1])]
)
def test_workers_are_spread_evenly(workers, expected):
    devices = ["0", "1", "2", "GPU-8f3a"]
    counts = Counter(share_of(worker, devices) for worker in range(workers))
    assert sorted(counts.values(), reverse=True) == expected


@pytest.mark.parametrize("devices", [[], ["0"]])
def test_without_a_choice_nothing_is_set(devices):
    environment = {}
    use(3, devices, environment)
    assert environment == {}


def test_a_worker_sees_only_its_own():
    environment = {"CUDA_VISIBLE_DEVICES": "2,5"}
    use(1, visible(environment), environment)
    assert environment == {"CUDA_VISIBLE_DEVICES": "5"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [("", []), ("-1", []), ("1", ["1"]), ("3, 1", ["3", "1"]), ("GPU-1,GPU-2", ["GPU-1", "GPU-2"])],
)
def test_what_the_environment_says_is_what_may_be_used(said, expected):
    assert visible({"CUDA_VISIBLE_DEVICES": said}) == expected


def test_otherwise_all_are(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert visible({}) == ["0", "1", "2"]
