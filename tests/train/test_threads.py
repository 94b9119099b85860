"""One thread for networks of the usual size, whatever the machine; more only where asked for or worth it."""

import pytest
import torch
from torch import nn

from losslab.train import threads
from losslab.train.parts import build


@pytest.fixture
def chosen(composed, monkeypatch):
    """chosen("trainer.threads=3", omp="2", step=1e12) -> threads inside a run, of 4 that torch has."""
    before = torch.get_num_threads()

    def number(*overrides, omp=None, step=0.0):
        torch.set_num_threads(4)
        monkeypatch.setattr(threads, "operations", lambda *parts: step)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        if omp:
            monkeypatch.setenv("OMP_NUM_THREADS", omp)
        with threads.chosen(composed(*overrides).trainer, nn.Identity(), None):
            found = torch.get_num_threads()
        assert torch.get_num_threads() == 4
        return found

    threads._free_cores.cache_clear()
    yield number
    threads._free_cores.cache_clear()
    torch.set_num_threads(before)


def test_a_small_network_gets_one_thread(chosen):
    assert chosen() == 1


def test_what_the_user_says_counts(chosen):
    assert chosen("trainer.threads=3", step=1e12) == 3
    assert chosen("trainer.threads=2", omp="4") == 2
    assert chosen(omp="4") == 4


@pytest.mark.parametrize(("load", "expected"), [(0.1, 4), (2.9, 1), (50.0, 1), (1.0, 3)])
def test_a_large_network_gets_the_free_cores(chosen, monkeypatch, load, expected):
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    assert chosen(step=threads.LARGE) == expected
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    assert chosen(step=threads.LARGE) == expected  # also for the process's later runs, whatever the load then


def test_operations_of_a_step_are_counted(composed):
    settings = composed("task=digits", "model=linear", "trainer.batch_size=32")
    parts = build(settings)
    multiplications = 64 * 10
    assert threads.operations(settings.trainer, parts.network, parts.task) == 2 * multiplications * 3 * 32
    assert parts.network.training


def test_convolutions_count_at_each_position(composed):
    settings = composed("task=digits", "model=cnn", "trainer.batch_size=1")
    parts = build(settings)
    network = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU())
    assert threads.operations(settings.trainer, network, parts.task) == 2 * 3 * 9 * 8 * 8 * 3


def test_the_record_has_the_number_and_the_identity_has_not(train):
    (one, _), (two, _) = (train("trainer.max_epochs=1", f"trainer.threads={count}") for count in (1, 2))
    assert (one.environment.threads, two.environment.threads) == (1, 2)
    assert one.identity == two.identity
