"""The user's own loss beside the standard ones: a class, a plain function, a function that makes a loss."""

import sys

import pytest
import torch

from commands import Started
from losslab import records
from losslab.losses.criterion import build_criterion
from losslab.losses.make import is_loss_function
from losslab.soundness.examples import KINDS

MODULE = """
import torch

class MyLoss(torch.nn.Module):
    def forward(self, prediction, target):
        return torch.nn.functional.cross_entropy(prediction, target)

def my_function(prediction, target, power=2):
    return ((prediction - target).abs() ** power).mean()

def my_factory(power):
    return lambda prediction, target: my_function(prediction, target, power)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_own_losses.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_own_losses"
    sys.modules.pop("my_own_losses", None)


@pytest.mark.parametrize(
    ("target", "expected"),
    [("my_function", 2), ("my_function +loss.loss.power=3", 3), ("my_factory +loss.loss.power=1", 1)],
)
def test_plain_functions_work_as_losses(composed, module, target, expected):
    name, *more = target.split()
    settings = composed("loss=custom", f"loss.loss._target_={module}.{name}", *more)
    kind = KINDS["regression"]
    criterion = build_criterion(settings.loss, kind, "custom")
    outputs, targets = kind.outputs(), kind.targets()
    assert torch.allclose(criterion(outputs, targets), (outputs - targets).abs().pow(expected).mean())


def test_what_is_a_loss_and_what_makes_one():
    assert is_loss_function(torch.nn.functional.mse_loss, {})
    assert is_loss_function(lambda *both: 0, {})
    assert not is_loss_function(torch.nn.MSELoss, {})
    assert not is_loss_function(lambda power: 0, {"power": 2})
    assert not is_loss_function(lambda first, second: 0, {"first": 1, "second": 2})


def test_inline_class_trains_like_the_loss_it_copies(train, module):
    own, _ = train("loss=custom", f"loss.loss._target_={module}.MyLoss")
    standard, _ = train("loss=cross_entropy")
    assert own.metrics["test"] == standard.metrics["test"]


def test_a_five_line_file_beside_the_standard_losses(tmp_path):
    """The command as the README has it, in a folder with my_losses.py and loss/mine.yaml."""
    (tmp_path / "my_losses.py").write_text(MODULE)
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "mine.yaml").write_text(
        "loss: {_target_: my_losses.MyLoss}\n"
        "output_activation: identity\ntargets: class_index\nexpects: logits\n"
    )
    arguments = ["-m", "loss=cross_entropy,mine", "trainer.max_epochs=1", "pictures=null", "folder=out"]
    log = tmp_path / "log"
    process = Started("losslab", *arguments, "--config-dir", ".", folder=tmp_path, out=log)
    assert process.wait(timeout=120) == 0, log.read_text()
    found = [records.load(folder) for folder in records.find([tmp_path / "out"])]
    results = {(record.choices["loss"], record.seed): record.metrics["test"] for record in found}
    assert len(results) == 2
    assert results["mine", 0] == results["cross_entropy", 0]
