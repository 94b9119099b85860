"""A loss that ends its process at its first call: one sentence before anything is trained."""

from __future__ import annotations

import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import time

import pytest
import torch

from losslab.errors import UserError
from losslab.losses.criterion import Criterion
from losslab.losses.terms import WeightedSum
from losslab.train import rehearsal

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux can fork a process that used torch"
)


def squared(prediction, target):
    return (prediction - target).square().mean()


def segmentation_fault(prediction, target):
    faulthandler.disable()  # pytest's, which would fill the screen
    ctypes.string_at(0)


def leaves(prediction, target):
    os._exit(0)


def leaves_with_9(prediction, target):
    os._exit(9)


def raises(prediction, target):
    sys.exit(3)


class LeavesInItsGradient(torch.autograd.Function):
    @staticmethod
    def forward(context, prediction):
        return prediction.sum()

    @staticmethod
    def backward(context, gradient):
        faulthandler.disable()
        os.abort()


def leaves_in_its_gradient(prediction, target):
    return LeavesInItsGradient.apply(prediction)


def terminates(prediction, target):
    os.kill(os.getpid(), signal.SIGTERM)


def hangs(prediction, target):
    time.sleep(60)


def rehearse(loss):
    criterion = WeightedSum([Criterion(loss, "identity", "values")], [1.0], ["a term"])
    rehearsal.rehearse(criterion, torch.zeros(5, 1), torch.ones(5, 1), "mine")


@pytest.mark.parametrize(
    ("loss", "how"),
    [
        (segmentation_fault, r"by SIGSEGV \(PYTHONFAULTHANDLER=1 shows where\)"),
        (leaves, "with exit status 0"),
        (leaves_with_9, "with exit status 9"),
        (leaves_in_its_gradient, r"by SIGABRT \(.*\)"),
    ],
)
def test_what_ends_the_process_is_one_sentence(loss, how):
    with pytest.raises(UserError, match=f"loss=mine ends the whole process .*, {how}: it must"):
        rehearse(loss)


@pytest.mark.parametrize("loss", [squared, raises, terminates, hangs])
def test_anything_else_is_left_to_what_follows(loss, monkeypatch):
    monkeypatch.setattr(rehearsal, "SECONDS", 0.5 if loss is hangs else 20.0)
    rehearse(loss)
    assert multiprocessing.active_children() == []


def test_losses_of_known_packages_are_not_rehearsed(monkeypatch):
    monkeypatch.setattr(rehearsal, "_call", lambda answer, *_: os._exit(0))
    rehearse(torch.nn.MSELoss())
    rehearse(torch.nn.functional.mse_loss)
    with pytest.raises(UserError, match="with exit status 0"):
        rehearse(squared)
