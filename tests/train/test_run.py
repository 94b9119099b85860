"""One run: pairing, repeatability, divergence, failure, and what the record says."""

import json
import math
import sys
import types

import pandas as pd
import pytest
import torch
from torch import nn

from losslab import records
from losslab.errors import UserError
from losslab.records import DIVERGED, FAILED, FINISHED
from losslab.train import parts


class NanAtStep10(nn.Module):
    """Mean squared error, NaN the tenth time it is called while training."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, prediction, target):
        loss = nn.functional.mse_loss(prediction, target)
        if torch.is_grad_enabled():
            self.calls += 1
        return loss * math.nan if self.calls == 10 and torch.is_grad_enabled() else loss


class Thirsty(nn.Module):
    """Draws random numbers at every call: must not disturb the batches of its arm."""

    def forward(self, prediction, target):
        torch.rand(3)
        return nn.functional.mse_loss(prediction, target)


class EditsInPlace(nn.Module):
    """Cross-entropy that leaves zeros in its prediction and its target."""

    def forward(self, prediction, target):
        loss = nn.functional.cross_entropy(prediction.clone(), target.clone())
        with torch.no_grad():
            prediction.zero_()
            target.zero_()
        return loss


class Exits(nn.Module):
    """Ends the process, as a script does."""

    def forward(self, prediction, target):
        sys.exit(0)


class Stops(BaseException):
    """None of Exception's."""


class RaisesStops(nn.Module):
    def forward(self, prediction, target):
        raise Stops("enough")


class ChangesTorch(nn.Module):
    """Changes torch's global settings at its first call."""

    def forward(self, prediction, target):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(3)
        return nn.functional.mse_loss(prediction, target)


class Crashes(nn.Module):
    def forward(self, prediction, target):
        raise ZeroDivisionError("a bug in a person's loss")


class ExplodesAtOnce(nn.Module):
    """Finite loss whose gradient is not: the weights become NaN."""

    def forward(self, prediction, target):
        return (prediction.sum() * 0).sqrt()


@pytest.fixture(autouse=True)
def my_losses(monkeypatch):
    """The classes above as a module in the user's working folder."""
    module = types.ModuleType("my_losses")
    for loss in (
        NanAtStep10,
        Thirsty,
        EditsInPlace,
        Exits,
        RaisesStops,
        ChangesTorch,
        Crashes,
        ExplodesAtOnce,
    ):
        setattr(module, loss.__name__, loss)
    monkeypatch.setitem(sys.modules, "my_losses", module)


def mine(name):
    return ["loss=custom", f"loss.loss._target_=my_losses.{name}", "loss.targets=one_hot"]


@pytest.fixture
def watched(train, monkeypatch):
    """watched(overrides) -> (initial weights, all training inputs in order) of a real run."""

    def make(*overrides):
        seen = []
        original = parts.build_network
        initial = {}

        def build(*arguments, **options):
            network = original(*arguments, **options)
            initial.update({name: value.clone() for name, value in network.state_dict().items()})
            network.register_forward_pre_hook(
                lambda module, inputs: seen.append(inputs[0].clone()) if module.training else None
            )
            return network

        with monkeypatch.context() as patch:
            patch.setattr(parts, "build_network", build)
            record, _ = train(*overrides)
        assert record.status == FINISHED
        return initial, torch.cat(seen)

    return make


@pytest.mark.parametrize("other", [["loss=mse"], ["loss=nll", "optimizer=sgd"], mine("Thirsty")])
def test_same_seed_same_weights_and_batches_whatever_the_loss(watched, other):
    weights, inputs = watched("loss=cross_entropy", "seed=3")
    other_weights, other_inputs = watched(*other, "seed=3")
    assert all(torch.equal(weights[name], other_weights[name]) for name in weights)
    assert torch.equal(inputs, other_inputs)


def test_other_seed_other_weights_and_batches(watched):
    weights, inputs = watched("seed=0")
    other_weights, other_inputs = watched("seed=1")
    assert not torch.equal(weights["1.weight"], other_weights["1.weight"])
    assert not torch.equal(inputs, other_inputs)


def without_time(folder):
    return pd.read_csv(folder / records.CURVES_FILE).drop(columns="seconds")


def test_the_same_command_twice_gives_the_same_numbers_to_the_last_digit(train):
    (first, first_folder), (again, again_folder) = train("seed=5"), train("seed=5")
    assert first.metrics == again.metrics
    pd.testing.assert_frame_equal(without_time(first_folder), without_time(again_folder), check_exact=True)


def test_nll_of_log_softmax_is_cross_entropy_curve_for_curve(train):
    (_, cross_entropy), (_, nll) = train("loss=cross_entropy"), train("loss=nll")
    pd.testing.assert_frame_equal(without_time(cross_entropy), without_time(nll), check_exact=True)


def test_out_of_memory_path_gives_the_same_result(train):
    (memory, memory_folder), (loader, loader_folder) = train(), train("task.in_memory=false")
    assert memory.metrics == loader.metrics
    pd.testing.assert_frame_equal(without_time(memory_folder), without_time(loader_folder), check_exact=True)


def test_how_often_one_looks_changes_nothing(train):
    often, _ = train("trainer.eval_every=3", "trainer.log_every=1", "diagnostics=default", "pictures=1")
    rarely, _ = train("trainer.eval_every=1000", "trainer.eval_batch_size=50")
    assert often.metrics["test"]["accuracy"] == rarely.metrics["test"]["accuracy"]
    assert often.metrics["test"]["loss"] == pytest.approx(rarely.metrics["test"]["loss"], rel=1e-5)


def test_training_data_are_judged_by_as_many_samples_as_validation_data(train):
    record, folder = train("trainer.eval_every=20")
    samples = round(0.15 * 1797)
    right = record.metrics["train"]["accuracy"] * samples
    assert right == pytest.approx(round(right), abs=1e-3)
    accuracy = records.load_curves(folder).query("split == 'train' and metric == 'accuracy'")
    assert accuracy.value.iloc[-1] == pytest.approx(record.metrics["train"]["accuracy"])


def test_record_and_curves(train):
    record, folder = train("trainer.max_epochs=6", "trainer.eval_every=20")
    on_disk = records.load(folder)
    assert json.loads((folder / records.RECORD_FILE).read_text())["config"]["trainer"]["max_epochs"] == 6
    assert on_disk.metrics == record.metrics
    assert record.status == FINISHED
    assert record.steps == 6 * math.ceil(1078 / 32)
    assert record.parameters == 64 * 128 + 128 + 128 * 10 + 10
    assert record.metrics["test"]["accuracy"] > 0.85

    curves = records.load_curves(folder)
    validation = curves.query("split == 'validation' and metric == 'accuracy'")
    assert validation.step.tolist() == [*range(0, record.steps, 20), record.steps]
    for target in record.targets:
        reached = validation[validation.value >= target.value]
        assert target.step == (None if reached.empty else reached.step.iloc[0])
    assert record.targets[0].step is not None
    batch_losses = curves.query("metric == 'batch_loss'")
    assert batch_losses.step.tolist() == [1, *range(10, record.steps + 1, 10)]
    assert batch_losses.value.iloc[0] == pytest.approx(math.log(10), abs=0.3)
    assert curves.query("split == 'test'").step.unique().tolist() == [record.steps]
    assert bool((curves.seconds.diff().dropna() >= -1e-3).all())


def test_tensorboard_has_the_curves_and_the_hyperparameters(train):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    record, folder = train()
    assert len(list(folder.glob("events.*"))) == 1
    events = EventAccumulator(str(folder))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {"loss/train", "loss/validation", "accuracy/train", "accuracy/validation", "accuracy/test"} <= tags
    assert events.Scalars("accuracy/test")[0].value == pytest.approx(record.primary())
    assert {"config/text_summary", "_hparams_/session_start_info"} <= set(events.summary_metadata)


def test_a_loss_that_becomes_nan_ends_as_diverged_with_its_step(train):
    record, folder = train(*mine("NanAtStep10"), "pictures=1")
    assert (record.status, record.diverged_at, record.steps) == (DIVERGED, 10, 9)
    assert "test" not in record.metrics
    assert records.load_curves(folder).value.notna().all()


def test_gradients_that_are_not_finite_end_as_diverged(train):
    record, _ = train(*mine("ExplodesAtOnce"))
    assert record.status == DIVERGED
    assert record.diverged_at is not None


def test_a_crash_is_recorded_with_its_traceback(train):
    record, folder = train(*mine("Crashes"), "pictures=1")
    assert record.status == FAILED
    assert record.error["type"] == "ZeroDivisionError"
    assert "a bug in a person's loss" in record.error["traceback"]
    assert records.load(folder).status == FAILED


@pytest.mark.parametrize("name", ["Exits", "RaisesStops"])
def test_a_loss_that_ends_the_process_ends_only_its_run(train, name):
    record, folder = train(*mine(name))
    assert record.status == FAILED
    assert record.error["type"] == ("SystemExit" if name == "Exits" else "Stops")
    assert records.load(folder).error == record.error


def test_metrics_do_not_depend_on_what_a_loss_does_to_its_inputs(train):
    edited, _ = train(*mine("EditsInPlace"), "loss.targets=class_index")
    plain, _ = train("loss=cross_entropy")
    again, _ = train("loss=cross_entropy")
    assert edited.metrics == plain.metrics == again.metrics


def test_global_settings_of_torch_are_put_back_and_the_record_says_who_changed_them(train):
    before, threads = train("loss=mse")[0], torch.get_num_threads()
    record, _ = train(*mine("ChangesTorch"))
    after, _ = train("loss=mse")
    assert (torch.get_default_dtype(), torch.get_num_threads()) == (torch.float32, threads)
    assert after.metrics == before.metrics
    assert after.findings == before.findings
    (found,) = [finding for finding in record.findings if finding["rule"] == "changed_settings"]
    assert "default dtype (torch.float64)" in found["text"]
    assert "number of threads (3)" in found["text"]


def test_clipping_bounds_the_step_and_costs_no_accuracy_here(train):
    clipped, _ = train("trainer.gradient_clip.norm=1e-6", "optimizer=sgd", "optimizer.lr=1")
    free, _ = train("optimizer=sgd", "optimizer.lr=1")
    assert clipped.metrics["train"]["loss"] > 2.2  # steps of 1e-6 lead nowhere
    assert free.metrics["train"]["loss"] != clipped.metrics["train"]["loss"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["task.num_classes=12"], "more classes than the data have"),
        (["model=cnn", "model.channels=[4,4,4,4]"], "too often"),
        (["trainer.accelerator=gpu"], "trainer.accelerator=gpu"),
        (["trainer.accelerator=toaster"], "trainer.accelerator=toaster"),
    ],
)
def test_what_cannot_run_is_refused_before_training(train, overrides, sentence):
    if "trainer.accelerator=gpu" in overrides and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(UserError, match=sentence):
        train(*overrides)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_a_run_agrees_with_the_cpu(train):
    on_cpu, _ = train("trainer.max_epochs=6")
    on_gpu, _ = train("trainer.max_epochs=6", "trainer.accelerator=gpu")
    assert on_gpu.environment.device.startswith("cuda")
    assert on_gpu.primary() == pytest.approx(on_cpu.primary(), abs=0.02)
    assert on_gpu.metrics["test"]["loss"] == pytest.approx(on_cpu.metrics["test"]["loss"], rel=0.05)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_deterministic_runs_repeat_exactly(train):
    overrides = ["trainer.accelerator=gpu", "deterministic=true", "model=cnn"]
    (first, _), (again, _) = train(*overrides), train(*overrides)
    assert first.metrics == again.metrics
