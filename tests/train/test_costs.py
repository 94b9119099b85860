"""What a run costs, counted instead of timed: calls, transfers, files. No clock, so it fails for a reason."""

import sys
from collections import Counter

import pytest
import pytorch_lightning as pl
import torch

from losslab.train.learner import Learner

BARE = (
    "optimizer=sgd",  # Adam counts its steps in tensors, on the processor
    "diagnostics=off",
    "pictures=null",
    "trainer.eval_every=100000",
    "trainer.log_every=100000",
)
COUNTS: Counter = Counter()
_counting = False


# Composing the config, importing for the first time, Lightning's look for plugins of installed packages.
NOT_THE_RUN = (".yaml", ".py", ".pyc", ".so", ".ttf", "entry_points.txt")


def _audit(event, arguments):
    # Hooks cannot be taken away again: https://docs.python.org/3/library/sys.html#sys.addaudithook
    if _counting and event == "open" and isinstance(arguments[0], str):
        COUNTS["files"] += not arguments[0].endswith(NOT_THE_RUN)


sys.addaudithook(_audit)


@pytest.fixture
def counted(train, monkeypatch):
    """counted(override, ...) -> what one run did how often; a run before it has paid what comes only once."""

    def count(owner, name, what):
        original = getattr(owner, name)

        def wrapper(*arguments, **options):
            COUNTS[what] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, wrapper)

    for name in ("item", "tolist", "cpu", "__bool__", "__float__", "__int__"):
        count(torch.Tensor, name, "transfers")
    count(pl.LightningModule, "log", "logs")
    count(pl.LightningModule, "log_dict", "logs")
    count(pl.Trainer, "__init__", "trainers")
    count(Learner, "training_step", "chunks")
    count(torch.optim.SGD, "step", "steps")
    train("trainer.max_epochs=1", *BARE)

    def measure(*overrides):
        global _counting
        COUNTS.clear()
        _counting = True
        try:
            record, _ = train(*overrides)
        finally:
            _counting = False
        assert record.steps == COUNTS["steps"]
        return Counter(COUNTS)

    return measure


def test_a_step_costs_its_arithmetic(counted):
    short, long = counted("trainer.max_epochs=1", *BARE), counted("trainer.max_epochs=5", *BARE)
    assert long["steps"] == 5 * short["steps"] >= 150
    assert long["logs"] == 0
    assert long["chunks"] == 5  # Lightning sees one batch an epoch here
    assert (long["transfers"] - short["transfers"]) / 4 <= 10  # an epoch; none of them for a step
    assert long["files"] - short["files"] == 0


def test_a_run_opens_few_files_and_makes_one_trainer(counted):
    bare, default = counted(*BARE), counted("optimizer=sgd", "pictures=1")
    assert bare["trainers"] == default["trainers"] == 1
    assert default["logs"] == 0
    assert bare["files"] <= 12
    assert default["files"] <= 20
