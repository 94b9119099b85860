"""Averages of the weights: what they are, that they are evaluated, and that training does not notice."""

import pandas as pd
import pytest
import torch
from torch import nn

from losslab.config.settings import AveragingSettings
from losslab.look.watcher import Training
from losslab.train.averaging import Averaging


class Trained:
    """A network with one weight that is 1, 2, 3, ... after the steps."""

    def __init__(self, steps, **settings):
        self.network = nn.Linear(1, 1, bias=False)
        self.training = Training(*[None] * 5)
        self.training.network = self.network
        self.averaging = Averaging(AveragingSettings(**settings), steps)
        self.averaging.started(self.training)
        for step in range(1, steps + 1):
            nn.init.constant_(self.network.weight, step)
            if step in self.averaging.due_steps(self.training, range(step, step + 1)):
                self.averaging.after_step(self.training, step)

    @property
    def average(self):
        return self.training.evaluated.weight.item()


def test_equal_weights_over_the_last_share():
    trained = Trained(8, method="equal", last=0.5)
    assert trained.average == (5 + 6 + 7 + 8) / 4
    assert trained.network.weight.item() == 8


def test_moving_average_forgets_its_start():
    expected = 1.0
    for step in range(2, 41):
        decay = min(0.9, step / (9 + step))  # one earlier: it has averaged step - 1 before
        expected = decay * expected + (1 - decay) * step
    assert Trained(40, method="ema", decay=0.9).average == pytest.approx(expected, rel=1e-5)


def test_until_it_begins_the_weights_themselves_are_evaluated():
    trained = Trained(8, method="equal", last=0.5)
    trained.averaging.started(trained.training)
    assert trained.training.evaluated is trained.network


def test_training_is_the_same_and_the_evaluation_is_not(train):
    chosen = ["trainer.max_epochs=1", "optimizer=sgd"]
    (plain, folder), (averaged, other) = (
        train(*chosen, name) for name in ("averaging=none", "averaging=equal")
    )
    losses = [
        pd.read_csv(place / "curves.csv").query("metric == 'batch_loss'")["value"].tolist()
        for place in (folder, other)
    ]
    assert losses[0] == losses[1]
    assert plain.arm_identity != averaged.arm_identity
    assert plain.metrics["test"]["brier_score"] != averaged.metrics["test"]["brier_score"]


def test_batch_norm_gets_the_statistics_of_the_averaged_weights():
    inputs = torch.randn(100, 1) * 3 + 5
    trained = Trained(4, method="equal", last=1.0)
    network = nn.Sequential(nn.Linear(1, 2), nn.Dropout(0.5), nn.BatchNorm1d(2))
    training = trained.training
    training.network, training.batches = network, lambda split, count: [(inputs, None)]
    averaging = Averaging(AveragingSettings(method="equal", last=1.0), 1)
    averaging.started(training)
    averaging.after_step(training, 1)
    network[2](torch.zeros(4, 2))  # the network's own statistics move on
    before = torch.get_rng_state()
    averaging.finished(training)
    assert torch.equal(before, torch.get_rng_state())
    measured = training.evaluated[2].running_mean
    kept = network[0](inputs).mean(dim=0)
    assert torch.allclose(measured, kept, rtol=0.3, atol=0.5)
    assert not torch.equal(measured, network[2].running_mean)
