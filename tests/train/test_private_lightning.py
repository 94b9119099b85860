"""What losslab changes in Lightning's behaviour still needs changing, and is changed."""

import logging
import os
import signal

import pytest
import pytorch_lightning as pl
import torch

from losslab.train import _lightning


def test_the_version_that_was_tried():
    """Where this skips, see whether Lightning still needs all of it; then name the version."""
    if pl.__version__.split(".")[:2] != _lightning.TRIED_WITH.split(".")[:2]:
        pytest.skip(f"tried with {_lightning.TRIED_WITH}, this is {pl.__version__}")


def test_loggers_are_quiet_within_and_as_they_were_after(monkeypatch):
    loggers = [logging.getLogger(name) for name in _lightning.LOGGERS]
    for place, logger in enumerate(loggers):
        monkeypatch.setattr(logger, "level", 10 + place)
    with _lightning.quiet():
        assert {logger.level for logger in loggers} == {logging.ERROR}
    assert [logger.level for logger in loggers] == [10, 11, 12]


class Interrupted(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)

    def setup(self, stage):
        raise KeyboardInterrupt  # before Lightning notes who listened for it

    def training_step(self, batch, index):
        return None

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.fixture
def trainer():
    options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    return pl.Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **options)


def test_ctrl_c_is_an_interrupt_and_is_listened_to_again(trainer):
    handler = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):  # without the cure
            trainer.fit(Interrupted(), [torch.zeros(1)])
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        signal.signal(signal.SIGINT, handler)
        with pytest.raises(KeyboardInterrupt), _lightning.keyboard_interrupt_as_such():
            trainer.fit(Interrupted(), [torch.zeros(1)])
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, handler)


def test_nvml_is_not_asked_within():
    assert os.environ[_lightning.NVML_CHECK] == "1"  # set when Lightning is imported
    with _lightning.without_nvml():
        assert _lightning.NVML_CHECK not in os.environ
    assert os.environ[_lightning.NVML_CHECK] == "1"
