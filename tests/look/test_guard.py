"""Nothing that is only for looking costs a run its result."""

import errno
import sys
import types

import pytest
import pytorch_lightning as pl
import torch

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.guard import RULE, Mishaps, guarded
from losslab.records import FAILED, FINISHED

PLACES = [
    *("setup", "on_train_start", "on_train_batch_end", "on_train_end", "on_test_end", "teardown"),
    *("is_due", "before_forward", "after_backward", "after_step", "in_a_hook"),
]


def broken(place):
    """A person's diagnostic that does its best to spoil the training, and raises in `place`."""

    class Broken(Diagnostic):
        def __init__(self):
            super().__init__(every_n_steps=1)

        def before_forward(self, learner, step):
            def look(module, inputs):
                raise ZeroDivisionError("a bug in a hook")

            if place == "in_a_hook":
                learner.network.register_forward_pre_hook(self.hook(look))

    def raises(self, *arguments, **options):
        for argument in arguments:
            if isinstance(argument, pl.LightningModule):
                argument.network.eval()
        raise ZeroDivisionError("a bug in a diagnostic")

    if place != "in_a_hook":
        setattr(Broken, place, raises)
    return Broken


@pytest.fixture
def my_looks(monkeypatch):
    module = types.ModuleType("my_looks")
    monkeypatch.setitem(sys.modules, "my_looks", module)
    return module


def test_a_diagnostic_that_raises_anywhere_changes_no_result(train, my_looks):
    model = ["model=cnn", "trainer.max_epochs=1", "pictures=null"]
    plain, _ = train(*model, "diagnostics=off")
    for place in PLACES:
        setattr(my_looks, place, broken(place))
    record, _ = train(
        *model,
        "diagnostics=off",
        *(f"+diagnostics.callbacks.{place}._target_=my_looks.{place}" for place in PLACES),
    )
    assert record.status == FINISHED, record.error
    assert record.metrics == plain.metrics
    (text,) = {
        finding["text"]
        for finding in record.findings
        if finding["rule"] == RULE and "hook" in finding["text"]
    }
    assert text == "Broken stopped with ZeroDivisionError: a bug in a hook; the run went on without it"
    sources = [finding["source"] for finding in record.findings if finding["rule"] == RULE]
    assert any("a bug in a diagnostic" in source for source in sources)


def test_pictures_and_findings_that_raise(train, monkeypatch):
    from losslab.look import findings, pictures
    from losslab.train import run

    def raises(*arguments, **options):
        raise RuntimeError("no picture today")

    plain, _ = train("trainer.max_epochs=1")
    monkeypatch.setattr(pictures, "pixels", raises)
    monkeypatch.setattr(run.findings, "loss_floor", raises)
    monkeypatch.setattr(findings, "RULES", ())
    record, folder = train("trainer.max_epochs=1", "pictures=1")
    assert record.status == FINISHED
    assert record.metrics == plain.metrics
    texts = " ".join(finding["text"] for finding in record.findings)
    assert "Pictures stopped with RuntimeError" in texts
    assert "the loss's floor stopped with RuntimeError" in texts
    assert (folder / "diagnostics.csv").exists()


def test_a_disk_that_is_full_for_tensorboard_costs_only_tensorboard(train, monkeypatch, capfd):
    from tensorboard.summary.writer.record_writer import RecordWriter

    plain, _ = train("trainer.max_epochs=1")
    written = 0
    original = RecordWriter.write

    def write(self, data):
        nonlocal written
        written += 1
        if written > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, data)

    monkeypatch.setattr(RecordWriter, "write", write)
    record, _ = train("trainer.max_epochs=1")
    assert record.status == FINISHED
    assert record.metrics == plain.metrics
    assert any("No space left on device" in finding["text"] for finding in record.findings)
    assert "Traceback" not in capfd.readouterr().err


def test_a_guarded_callback_is_called_no_more_after_its_first_exception():
    calls = []

    class Once(pl.Callback):
        def on_train_start(self, trainer, module):
            calls.append(1)
            raise ValueError("no")

    mishaps = Mishaps()
    callback = guarded(Once(), mishaps)
    for _ in range(3):
        callback.on_train_start(None, None)
    assert calls == [1]
    assert len(mishaps.found) == 1


def test_running_out_of_memory_is_said_in_words(train, my_looks):
    class Hungry(torch.nn.Module):
        def forward(self, prediction, target):
            return prediction.sum() + (
                torch.empty(2**60).sum() if torch.is_grad_enabled() and len(target) > 20 else 0
            )

    my_looks.Hungry = Hungry
    record, _ = train("loss=custom", "loss.loss._target_=my_looks.Hungry", "loss.targets=one_hot")
    assert record.status == FAILED
    assert record.error["message"].startswith("out of memory (")
    assert "smaller trainer.batch_size" in record.error["message"]
