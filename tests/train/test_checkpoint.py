"""A run that is interrupted and goes on ends with the result of one that was not, to the last digit."""

import json
import random
import sys
import types

import numpy as np
import pandas as pd
import pytest
import torch
from pytorch_lightning.utilities.exceptions import SIGTERMException
from torch import nn

from losslab import records
from losslab.errors import UserError
from losslab.look.evaluations import Evaluations
from losslab.records import FINISHED
from losslab.train import checkpoint as checkpoint_module
from losslab.train.checkpoint import FILE, Checkpoint


class Unplugged(SIGTERMException):
    """The process dies here: any other exception of a loss ends its run with a record."""


class Random(nn.Module):
    """Draws from every generator there is, and has a memory."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, prediction, target):
        noise = torch.rand(()) + random.random() + float(np.random.random())  # noqa: NPY002
        loss = nn.functional.mse_loss(prediction, target) * (1 + 0.1 * noise)
        if torch.is_grad_enabled():
            self.mean = 0.9 * self.mean + 0.1 * loss.detach()
        return loss / (1 + self.mean)


RANDOM_LOSS = ["loss=custom", "loss.loss._target_=my_losses.Random", "loss.targets=one_hot"]


@pytest.fixture
def run_in(composed, tmp_path, monkeypatch):
    """run_in("folder", "loss=mse", dies_at=70): one run of 2 epochs of 34 steps, evaluated every 20."""
    from losslab.train.run import run

    module = types.ModuleType("my_losses")
    module.Random = Random
    monkeypatch.setitem(sys.modules, "my_losses", module)
    original = nn.utils.clip_grad_norm_

    def start(name, *overrides, dies_at=None):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        steps = 0

        def counted(*arguments, **options):
            nonlocal steps
            steps += 1
            if steps == dies_at:
                raise Unplugged
            return original(*arguments, **options)

        monkeypatch.setattr(nn.utils, "clip_grad_norm_", counted)
        chosen = [
            *("trainer.accelerator=cpu", "trainer.max_epochs=2", "trainer.checkpoint=true"),
            *("trainer.gradient_clip.norm=1000", "trainer.eval_every=20", "pictures=null", *overrides),
        ]
        record = run(composed(*chosen), chosen, folder)
        assert bool(record.internal_errors) == (name == "full"), record.internal_errors
        return record, folder

    return start


def without_seconds(folder):
    return pd.read_csv(folder / records.CURVES_FILE).drop(columns="seconds")


@pytest.mark.parametrize(
    ("overrides", "dies_at", "goes_on_at"),
    [
        (["loss=mse"], 15, 0),  # before the first checkpoint
        (["loss=mse", "diagnostics=full", "pictures=3"], 30, 20),
        pytest.param(
            ["model=cnn", "optimizer=sgd", "optimizer.lr=0.1", "optimizer.momentum=0.9"],
            37,
            34,
            marks=pytest.mark.faults,
        ),
        ([*RANDOM_LOSS], 66, 60),
        pytest.param(["loss=mse", "task.in_memory=false"], 45, 40, marks=pytest.mark.faults),
        (["scheduler=cosine", "scheduler.warmup=0.5", "averaging=ema"], 30, 20),
        pytest.param(
            ["scheduler=linear", "averaging=equal", "averaging.last=0.3"], 66, 60, marks=pytest.mark.faults
        ),
        pytest.param(
            ["loss=mse", "trainer.precision=64-true", "trainer.eval_every=7"],
            50,
            49,
            marks=pytest.mark.faults,
        ),
    ],
    ids=[
        "none_yet",
        "full_diagnostics",
        "momentum",
        "random_loss",
        "dataset",
        "warm_up_and_average",
        "decay_and_average",
        "double",
    ],
)
def test_an_interrupted_run_ends_like_an_undisturbed_one(run_in, monkeypatch, overrides, dies_at, goes_on_at):
    monkeypatch.setattr("losslab.train.checkpoint.LARGEST_SHARE", 1e9)  # at every opportunity
    whole, whole_folder = run_in("whole", *overrides)
    with pytest.raises(Unplugged):
        run_in("parts", *overrides, dies_at=dies_at)
    again, folder = run_in("parts", *overrides)

    assert again.status == whole.status == FINISHED
    assert again.resumed_at == goes_on_at
    assert again.metrics == whole.metrics
    assert again.steps == whole.steps == 68
    assert [target.step for target in again.targets] == [target.step for target in whole.targets]
    assert [f["text"] for f in again.findings] == [f["text"] for f in whole.findings]
    pd.testing.assert_frame_equal(without_seconds(folder), without_seconds(whole_folder), check_exact=True)
    diagnostics = [(place / "diagnostics.csv").read_text() for place in (folder, whole_folder)]
    assert diagnostics[0] == diagnostics[1]
    assert not (folder / FILE).exists()
    assert not (whole_folder / FILE).exists()


def test_interrupted_twice_and_shown_once_in_tensorboard(run_in, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setattr("losslab.train.checkpoint.LARGEST_SHARE", 1e9)
    whole, _ = run_in("whole")
    for dies_at in (30, 25):
        with pytest.raises(Unplugged):
            run_in("parts", dies_at=dies_at)
    record, folder = run_in("parts")
    assert record.resumed_at == 40
    assert record.metrics == whole.metrics
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    steps = [event.step for event in events.Scalars("loss/validation")]
    assert steps == [0, 20, 40, 60, 68]


def test_a_checkpoint_does_not_belong_to_the_identity(composed):
    from losslab.config.identity import identities

    plain, kept = composed(), composed("trainer.checkpoint=true")
    assert plain.trainer.checkpoint is not kept.trainer.checkpoint
    assert identities(plain) == identities(kept)


class Evil:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code ran')",))


def test_what_is_no_checkpoint_of_this_run_is_refused(run_in, tmp_path):
    with pytest.raises(Unplugged):
        run_in("cut", dies_at=30)
    path = tmp_path / "cut" / FILE
    good = path.read_bytes()
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    for content in (good[: len(good) // 2], bytes(flipped), b"", b"no checkpoint"):
        path.write_bytes(content)
        with pytest.raises(
            UserError, match=r"cut/checkpoint.pt is not a checkpoint, or is truncated .*delete it"
        ):
            run_in("cut")
        assert path.read_bytes() == content
    torch.save({"schema_version": Evil()}, path)
    with pytest.raises(UserError, match="holds more than tensors and numbers"):
        run_in("cut")
    path.write_bytes(good)
    with pytest.raises(UserError, match=r"cut/checkpoint.pt belongs to a run with another config: delete it"):
        run_in("cut", "seed=1")
    state = torch.load(path, weights_only=True)
    torch.save({**state, "torch": "0.1"}, path)
    with pytest.raises(UserError, match=r"was written by torch 0.1 "):
        run_in("cut")
    for name, value in (("random", None), ("step", "3"), ("watchers", [])):
        torch.save({**state, name: value}, path)
        with pytest.raises(UserError, match=rf"truncated or damaged \(its {name} is missing or wrong\)"):
            run_in("cut")
    torch.save({**state, "network": {}}, path)
    with pytest.raises(UserError, match=r"its network has other parameters"):
        run_in("cut")
    assert not (tmp_path / "cut" / records.RECORD_FILE).exists()
    path.write_bytes(good)
    assert run_in("cut")[0].status == FINISHED


def test_a_checkpoint_that_cannot_be_written_costs_only_itself(run_in, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    record, folder = run_in("full")
    assert record.status == FINISHED
    (error,) = record.internal_errors
    assert (error["what"], error["type"]) == ("saving checkpoint.pt", "OSError")
    assert record.findings == []
    assert sorted(path.name for path in folder.glob(".*")) == []


def test_saving_takes_a_small_share_of_the_time(tmp_path, monkeypatch):
    """With a save of 1 s, the next is due 50 s later."""
    now = 0.0
    monkeypatch.setattr("losslab.train.checkpoint.time.perf_counter", lambda: now)
    checkpoint = Checkpoint(tmp_path, "identity", 0.0, steps_per_epoch=10, last_step=10**9)
    saved = []

    def save(*arguments):
        nonlocal now
        now += 1
        saved.append(now)

    monkeypatch.setattr(records, "write_atomically", save)
    monkeypatch.setattr(checkpoint, "_state_of", lambda *arguments: {})
    training = types.SimpleNamespace(step=0, evaluations=Evaluations(1, {}))
    for training.step in range(1, 200):
        now += 1
        checkpoint.between_steps(training)
    assert saved[0] == 2
    assert np.diff(saved).min() >= 50
    assert len(saved) == 4


def test_what_a_killed_process_left_is_cleared_away(run_in, tmp_path):
    folder = tmp_path / "left"
    folder.mkdir()
    (folder / ".record.json.x1y2.unfinished").write_text("{")
    (folder / "events.out.tfevents.1.me.1.0.losslab").write_bytes(b"half")
    (folder / "events.out.tfevents.1.me.1.0").write_bytes(b"another tool's")
    run_in("left", "trainer.checkpoint=false", "trainer.max_epochs=1")
    assert not list(folder.glob(".*"))
    assert len(list(folder.glob("events*"))) == 2
    assert (folder / "events.out.tfevents.1.me.1.0").exists()
    assert json.loads((folder / records.RECORD_FILE).read_text())["resumed_at"] == 0


def state_with_open_window():
    """That of the gradient noise after one of two gradients."""
    from losslab.look.diagnostics.gradient_noise import GradientNoise

    diagnostic, network = GradientNoise(10, window=2), nn.Linear(2, 1)
    network.weight.grad, network.bias.grad = torch.ones(1, 2), torch.ones(1)
    diagnostic.after_backward(types.SimpleNamespace(network=network), 1)
    return diagnostic.state_dict()


def test_what_watchers_remember_comes_back_on_the_device_of_the_training(tmp_path):
    """`meta` stands for a GPU here: a tensor left in main memory shows."""
    from losslab.look.watcher import Training, Watcher

    class Remembers(Watcher):
        def load_state_dict(self, state):
            self.state = state

    network = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    state = {
        **{"network": network.state_dict(), "criterion": {}, "optimizer": optimizer.state_dict()},
        **{"step": 3, "training_seconds": 1.0, "random": checkpoint_module._random_state()},
        **{"logbook": {}, "watchers": {"mine": state_with_open_window()}},
    }
    checkpoint, watcher = Checkpoint(tmp_path, "", 0.0, steps_per_epoch=1, last_step=9), Remembers()
    checkpoint._state, checkpoint.keeps = state, {"mine": watcher}
    logbook = types.SimpleNamespace(load_state_dict=lambda state: None)
    training = Training(None, network, nn.MSELoss(), {}, logbook, optimizer=optimizer)
    training.device = torch.device("meta")
    checkpoint.started(training)
    assert training.step == 3
    tensors = [*watcher.state["mean"], watcher.state["squares"]]
    assert [tensor.device.type for tensor in tensors] == ["meta"] * 3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_a_run_goes_on_inside_a_window_of_gradients(run_in, monkeypatch):
    monkeypatch.setattr("losslab.train.checkpoint.LARGEST_SHARE", 1e9)
    on_gpu = ["trainer.accelerator=gpu", "deterministic=true", "trainer.eval_every=3", "diagnostics=full"]
    whole, whole_folder = run_in("whole", *on_gpu)
    with pytest.raises(Unplugged):
        run_in("parts", *on_gpu, dies_at=6)  # the window is steps 1 to 8
    again, folder = run_in("parts", *on_gpu)
    assert again.resumed_at == 3
    assert again.metrics == whole.metrics
    diagnostics = [(place / "diagnostics.csv").read_text() for place in (folder, whole_folder)]
    assert diagnostics[0] == diagnostics[1]
    assert "gradient_noise,scale" in diagnostics[0]
