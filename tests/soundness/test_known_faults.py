"""`losslab-check` finds the known faults, each by the mark that is about it."""

import json
import re

import pytest

from losslab.cli.check import main
from losslab.soundness.compose import compose_subject
from losslab.soundness.examine import examine
from losslab.soundness.mark import SOUND, UNSOUND, WEAK

MODULE = '''
import numpy as np
import torch
from torch import nn
from torch.nn import functional


def softmax_first(prediction, target):
    return functional.cross_entropy(prediction.softmax(dim=1), target)


def exponential_tanh(prediction, target):
    up, down = torch.exp(prediction), torch.exp(-prediction)
    return (((up - down) / (up + down) - target) ** 2).mean()


class ChannelSmoothness(nn.Module):
    """Takes differences along dimension 1, which is the channel: there are none."""

    def forward(self, prediction, target):
        p = torch.sigmoid(prediction)
        along_height = (p[:, :, 1:] - p[:, :, :-1]).abs().mean()
        along_channel = (p[:, 1:] - p[:, :-1]).abs().mean()
        return functional.binary_cross_entropy(p, target) + 0.3 * (along_height + along_channel)


def detached(prediction, target):
    return ((prediction.detach() - target) ** 2).mean()


def vector(prediction, target):
    return ((prediction - target) ** 2).mean(dim=1)


def with_numpy(prediction, target):
    return torch.tensor(np.mean((prediction.numpy() - target.numpy()) ** 2))


def with_numpy_and_detach(prediction, target):
    return torch.tensor(np.mean((prediction.detach().numpy() - target.numpy()) ** 2))


def upside_down(prediction, target):
    return -functional.cross_entropy(prediction, target)


def wrong_gradient(prediction, target):
    residual = prediction - target
    return (residual * residual.detach()).mean()


def first_counts_most(prediction, target):
    weight = torch.linspace(2, 0, len(prediction))[:, None]
    return (weight * (prediction - target) ** 2).mean()


def crashes(prediction, target):
    raise KeyError("a bug of mine")


def good(prediction, target):
    return functional.mse_loss(prediction, target)
'''


@pytest.fixture
def examined(tmp_path, monkeypatch):
    (tmp_path / "faulty_losses.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, kind=None, *overrides):
        target = f"faulty_losses.{name}" if re.search(rf"(def|class) {name}\b", MODULE) else name
        examination = examine(compose_subject(target, overrides, kind=kind))
        return examination, {mark.name: mark for mark in examination.marks}

    return make


FIRST = "returns a scalar with a gradient"
LARGE = "large outputs (float32)"
MISTAKES = "gradient at confident mistakes"

FAULTS = [
    ("softmax_first", "multiclass", MISTAKES, "applied twice"),
    ("cross_entropy_on_softmax", "multiclass", MISTAKES, "applied twice"),
    ("exponential_tanh", "regression", LARGE, "at -90: value nan"),
    ("ChannelSmoothness", "segmentation", FIRST, "value nan"),
    ("detached", "regression", FIRST, "no gradient"),
    ("vector", "binary", FIRST, r"returns shape \(6,\)"),
    ("with_numpy", "regression", FIRST, "numpy"),
    ("with_numpy_and_detach", "regression", FIRST, "no gradient"),
    ("upside_down", "multiclass", "lowest where prediction = target", "not rewarded"),
    ("wrong_gradient", "regression", "gradcheck (float64)", "disagree"),
    ("first_counts_most", "regression", "independent of the order of the batch", "changes"),
    ("crashes", "regression", FIRST, "KeyError: 'a bug of mine'"),
]


@pytest.mark.parametrize(("name", "kind", "mark", "words"), FAULTS)
def test_fault_is_found(examined, name, kind, mark, words):
    examination, found = examined(name, kind)
    assert examination.verdict == UNSOUND
    assert found[mark].verdict == UNSOUND
    assert re.search(words, found[mark].numbers), found[mark].numbers


def test_clamps_of_bce_are_found_in_value_and_gradient(examined):
    """At -50 the gradient is gone, at -110 the value is -log's clamp of 100."""
    _, found = examined("bce", "binary")
    assert found[LARGE].verdict == found[MISTAKES].verdict == UNSOUND
    assert "0 at ±110: clamped" in found[MISTAKES].numbers
    assert "100 at ±110" in found[MISTAKES].numbers
    vanished = float(found[MISTAKES].numbers.partition(" at ±50")[0].rsplit(" ", 1)[1])
    assert vanished < 1e-9


@pytest.mark.parametrize("name", ["cross_entropy", "bce_with_logits", "mse", "huber", "focal", "nll"])
def test_good_losses_are_sound(examined, name):
    examination, _ = examined(name)
    poor = [mark for mark in examination.marks if mark.verdict in (WEAK, UNSOUND)]
    # how fast a call is depends on what else the machine does
    assert not [mark for mark in poor if not mark.name.startswith("time")]


@pytest.mark.parametrize(
    ("name", "mark", "words"),
    [
        ("l1", "no kinks", "residual 0 (slopes -1, 1)"),
        ("label_smoothing", "lowest where prediction = target", "not at certainty"),
        ("brier", MISTAKES, "bounded"),
        ("dice", "empty mask and all foreground", "gradient"),
        ("balanced_cross_entropy", "independent of the rest of the batch", "mean of parts"),
        ("multi_margin", "gradgradcheck (float64)", "no second derivative"),
    ],
)
def test_known_limits_are_weak(examined, name, mark, words):
    _, found = examined(name)
    assert found[mark].verdict == WEAK
    assert words in found[mark].numbers


def test_the_kind_is_guessed(examined):
    expected = {"softmax_first": "multiclass", "good": "regression", "ChannelSmoothness": "segmentation"}
    assert {name: examined(name)[0].kind for name in expected} == expected


def test_arguments_come_in_any_order(capsys):
    assert main(["loss.loss.quantile=0.9", "--kind", "regression", "quantile", "--json"]) == 0
    assert "slopes -0.9, 0.1" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["mse", "--kind", "regression", "huber"])
    assert "give one loss, besides KEY=VALUE; not 2: mse huber" in capsys.readouterr().err


def test_overrides_reach_the_loss(examined):
    _, found = examined("quantile", None, "loss.loss.quantile=0.9")
    assert "slopes -0.9, 0.1" in found["no kinks"].numbers


@pytest.mark.parametrize("kind", ["multiclass", "binary", "segmentation", "regression"])
def test_squared_error_is_sound_on_every_kind(examined, kind):
    """On raw outputs the target itself is the best prediction, as one-hot, as ±1, as it is."""
    _, found = examined("mse", kind)
    assert found["lowest where prediction = target"].verdict == SOUND


def test_exit_status_and_json(capsys):
    assert main(["mse", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["target"], data["kind"]) == ("mse", "regression")
    assert {"name", "verdict", "numbers"} == set(data["marks"][0])
    assert data["marks"][0]["verdict"] == SOUND
    assert main(["bce"]) == 1
    assert "unsound" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["cross_entropi"], "did you mean cross_entropy"),
        (["no_such_module.Loss"], "no_such_module.Loss could not be found"),
        (["mse", "--kind", "ordinal"], "kind ordinal does not exist: choose one of multiclass"),
        (["dice", "--kind", "multiclass"], "takes targets as mask"),
        (["mse", "loss.loss.gamma=3"], "loss.loss.gamma"),
        (["focal_multiclass", "loss.loss.gamma=-1"], "gamma=-1"),
        (["mse", "--config-dir", "/no/such/folder"], "/no/such/folder is not a folder"),
    ],
)
def test_bad_input_is_one_sentence(capsys, arguments, sentence):
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert sentence in printed
    assert printed.count("\n") == 1
