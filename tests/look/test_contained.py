"""Nothing that is only for looking costs a run its result."""

import errno
import sys
import types

import pytest
import torch

from losslab.errors import UserError
from losslab.look.contained import Contained
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.internal_errors import InternalErrors
from losslab.look.watcher import Training
from losslab.records import FAILED, FINISHED

PLACES = [
    *("started", "due_steps", "is_due", "before_forward", "after_backward", "after_step", "after_steps"),
    *("between_steps", "finished", "test", "tested", "closed", "in_a_hook"),
]


def broken(place):
    """A person's diagnostic that does its best to spoil the training, and raises in `place`."""

    class Broken(Diagnostic):
        def __init__(self):
            super().__init__(every_n_steps=1)

        def before_forward(self, training, step):
            def look(module, inputs):
                raise ZeroDivisionError("a bug in a hook")

            if place == "in_a_hook":
                training.network.register_forward_pre_hook(self.hook(look))

    def raises(self, *arguments, **options):
        for argument in arguments:
            if isinstance(argument, Training):
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
        breaks=True,
    )
    assert record.status == FINISHED, record.error
    assert record.metrics == plain.metrics
    assert record.findings == plain.findings
    found = {(error["what"], error["type"], error["message"]) for error in record.internal_errors}
    assert found == {
        ("Broken", "ZeroDivisionError", "a bug in a hook"),
        ("Broken", "ZeroDivisionError", "a bug in a diagnostic"),
    }
    assert all("in raises" in e["traceback"] or "in look" in e["traceback"] for e in record.internal_errors)


@pytest.mark.parametrize("place", PLACES)
def test_a_bug_in_any_place_is_noted(train, my_looks, place):
    setattr(my_looks, place, broken(place))
    only = ["diagnostics=off", "pictures=null", "trainer.max_epochs=1"]
    record, _ = train(*only, f"+diagnostics.callbacks.mine._target_=my_looks.{place}", breaks=True)
    (error,) = record.internal_errors
    assert error["type"] == "ZeroDivisionError"


def test_what_is_no_watcher_is_refused(train):
    with pytest.raises(UserError, match=r"diagnostics.callbacks.mine=torch.nn.ReLU is not a diagnostic"):
        train("+diagnostics.callbacks.mine._target_=torch.nn.ReLU")


def test_pictures_and_findings_that_raise(train, monkeypatch):
    from torch.utils.tensorboard import SummaryWriter

    from losslab.look import findings

    def raises(*arguments, **options):
        raise RuntimeError("no picture today")

    plain, _ = train("trainer.max_epochs=1", "pictures=1")
    monkeypatch.setattr(SummaryWriter, "add_image", raises)
    monkeypatch.setattr(findings, "loss_floor", raises)
    record, folder = train("trainer.max_epochs=1", "pictures=1", breaks=True)
    assert record.status == FINISHED
    assert record.metrics == plain.metrics
    assert [error["what"] for error in record.internal_errors] == ["Pictures", "the loss's floor"]
    assert {error["type"] for error in record.internal_errors} == {"RuntimeError"}
    assert record.findings == plain.findings
    assert (folder / "diagnostics.csv").exists()


def test_a_disk_that_is_full_for_tensorboard_costs_only_tensorboard(train, monkeypatch, capfd):
    from tensorboard.summary.writer.record_writer import RecordWriter

    plain, _ = train("trainer.max_epochs=1", "pictures=1")
    written = 0
    original = RecordWriter.write

    def write(self, data):
        nonlocal written
        written += 1
        if written > 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(self, data)

    monkeypatch.setattr(RecordWriter, "write", write)
    record, _ = train("trainer.max_epochs=1", "pictures=1", breaks=True)
    assert record.status == FINISHED
    assert record.metrics == plain.metrics
    assert {error["what"] for error in record.internal_errors} == {"TensorBoard"}
    assert "No space left on device" in record.internal_errors[0]["message"]
    assert "Traceback" not in capfd.readouterr().err


def test_a_watcher_is_told_nothing_after_its_first_exception():
    calls = []

    class Once(Diagnostic):
        def started(self, training):
            calls.append(1)
            raise ValueError("no")

    errors = InternalErrors()
    watcher = Contained(Once(1), errors)
    training = types.SimpleNamespace(network=torch.nn.Linear(1, 1))
    for _ in range(3):
        watcher.started(training)
    assert calls == [1]
    assert watcher.due_steps(training, range(1, 10)) == ()
    assert len(errors.found) == 1


def test_a_hook_that_raised_is_dead_and_the_forward_pass_goes_on():
    calls = []

    class Hooked(Diagnostic):
        def before_forward(self, training, step):
            training.network.register_forward_pre_hook(self.hook(self.see))

        def see(self, module, inputs):
            calls.append(1)
            raise ValueError("a hook")

        def after_backward(self, training, step):
            raise AttributeError("a consequence")

    errors = InternalErrors()
    watcher = Contained(Hooked(1), errors)
    training = types.SimpleNamespace(network=torch.nn.Linear(1, 1))
    watcher.before_forward(training, 1)
    for _ in range(3):
        training.network(torch.ones(1, 1))
    watcher.after_backward(training, 1)
    assert calls == [1]
    assert [error["message"] for error in errors.found] == ["a hook"]


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
