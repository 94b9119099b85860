"""Precision, order in memory and portions change how a run is computed, not what it learns."""

import os

import pytest
import torch
from torch import nn

from losslab.config.identity import identities
from losslab.config.settings import TrainerSettings
from losslab.records import FINISHED
from losslab.train import _lightning, hardware


class Counting(nn.Module):
    """Notes how many samples come at once."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.sizes = []

    def forward(self, inputs):
        self.sizes.append(len(inputs))
        return self.inner(inputs)


def test_convolutions_are_evaluated_in_portions_with_the_same_outputs():
    torch.manual_seed(0)
    network = Counting(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))
    ).eval()
    images = torch.rand(600, 1, 12, 12)
    with torch.no_grad():
        found = hardware.outputs_of(network, images)
        assert network.sizes == [64] * 9 + [24]
        torch.testing.assert_close(found, network.inner(images))


def test_what_has_no_convolution_sees_all_at_once():
    network = Counting(nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    hardware.outputs_of(network, torch.rand(600, 1, 2, 2))
    assert network.sizes == [600]


@pytest.mark.parametrize("model", ["cnn", pytest.param("mlp", marks=pytest.mark.faults)])
def test_channels_last_trains_to_the_same_result_up_to_rounding(train, model):
    quick = ["task=digits", f"model={model}", "trainer.max_epochs=1"]
    (plain, _), (other, _) = train(*quick), train(*quick, "trainer.channels_last=true")
    assert plain.status == other.status == FINISHED
    assert other.metrics["validation"]["loss"] == pytest.approx(plain.metrics["validation"]["loss"], rel=1e-3)


def test_channels_last_reaches_the_convolutions(composed):
    network = nn.Sequential(nn.Conv2d(3, 4, 3))
    seen = []
    network[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    settings = composed("trainer.channels_last=true")
    hardware.prepare(network, settings.trainer)
    network(torch.rand(2, 3, 8, 8))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_matmul_precision_is_set_for_each_run(composed):
    for name in ("medium", "highest"):
        settings = composed(f"trainer.matmul_precision={name}")
        hardware.prepare(nn.Linear(1, 1), settings.trainer)
        assert torch.get_float32_matmul_precision() == name


def test_new_options_at_their_defaults_leave_a_run_what_it_was(composed):
    settings = composed()
    known = settings.trainer.model_fields_set - {"matmul_precision", "channels_last"}
    older = TrainerSettings.model_construct(**{key: getattr(settings.trainer, key) for key in known})
    assert identities(settings.model_copy(update={"trainer": older})) == identities(settings)
    for override in ("trainer.channels_last=true", "trainer.matmul_precision=high"):
        assert identities(composed(override))["identity"] != identities(settings)["identity"]


def test_training_steps_do_not_look_for_nvml(train, monkeypatch):
    """Lightning makes torch's Adam load NVML at each step, a tenth of the time where there is no driver."""
    looked = []
    monkeypatch.setattr(torch.cuda, "_raw_device_count_nvml", lambda: looked.append(1) or -1)
    record, _ = train("task=digits", "trainer.max_epochs=1")
    assert record.steps > len(looked)
    assert os.environ[_lightning.NVML_CHECK] == "1"
