"""`losslab.check` from Python, in a test suite, and what only it finds: side effects and casts."""

import pytest
import torch
from torch import nn
from torch.nn import functional

import losslab
from losslab.errors import UserError
from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK

GRADCHECK = "gradcheck (float64)"
INPUTS, STATE = "leaves prediction and target alone", "leaves torch's global state alone"


def marks(examination):
    return {mark.name: mark for mark in examination.marks}


def in_float32(prediction, target):
    return ((prediction.float() - target.float()) ** 2).mean()


class InFloat32(nn.Module):
    """Casts its input, and casts the result back."""

    def forward(self, prediction, target):
        loss = functional.binary_cross_entropy_with_logits(prediction.float(), target.float())
        return loss.to(prediction.dtype)


def wrong_in_float32(prediction, target):
    residual = (prediction - target).float()
    return (residual * residual.detach()).mean()


def edits_prediction(prediction, target):
    return prediction.sub_(target).square().mean()


def edits_target(prediction, target):
    target.data.mul_(0.5)
    return functional.mse_loss(prediction, target)


def sets_default_dtype(prediction, target):
    torch.set_default_dtype(torch.float64)
    return functional.mse_loss(prediction, target)


def switches_gradients_off(prediction, target):
    torch.set_grad_enabled(False)
    return functional.mse_loss(prediction, target)


def sets_threads_and_fails(prediction, target):
    torch.set_num_threads(3)
    raise ValueError("no")


def draws_noise(prediction, target):
    return functional.mse_loss(prediction, target) + 0.0 * torch.rand(()).item()


@pytest.mark.parametrize(("loss", "kind"), [(in_float32, "regression"), (InFloat32, "binary")])
def test_a_cast_to_float32_is_named_and_not_failed(loss, kind):
    found = marks(losslab.check(loss, kind))
    assert found[GRADCHECK].verdict == WEAK
    assert found[GRADCHECK].numbers.startswith("casts to float32 inside")
    assert [mark.name for mark in found.values() if mark.verdict == UNSOUND] == []
    assert found["no kinks"].verdict == SOUND


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("power", "verdict"), [(1.0, WEAK), (1.1, SOUND), (1.5, SOUND)])
def test_a_steep_slope_is_no_kink(power, verdict, dtype):
    def loss(prediction, target):
        return (prediction.to(dtype) - target.to(dtype)).abs().pow(power).mean()

    assert marks(losslab.check(loss, "regression"))["no kinks"].verdict == verdict


def test_huber_has_no_kink():
    assert marks(losslab.check(nn.HuberLoss, "regression"))["no kinks"].verdict == SOUND


def test_a_wrong_gradient_is_found_in_float32_too():
    assert marks(losslab.check(wrong_in_float32, "regression"))[GRADCHECK].verdict == UNSOUND


@pytest.mark.parametrize(
    ("loss", "mark", "verdict", "words"),
    [
        (edits_prediction, INPUTS, UNSOUND, "edits its prediction in place"),
        (edits_target, INPUTS, UNSOUND, "edits its target in place"),
        (sets_default_dtype, STATE, UNSOUND, "changes torch's default dtype (torch.float64)"),
        (switches_gradients_off, STATE, UNSOUND, "changes torch's grad mode (False)"),
        (sets_threads_and_fails, STATE, UNSOUND, "changes torch's number of threads (3)"),
        (draws_noise, STATE, WEAK, "draws from torch's random numbers"),
    ],
)
def test_side_effects_are_found_and_undone(loss, mark, verdict, words):
    before = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
    found = marks(losslab.check(loss, "regression"))
    assert (found[mark].verdict, words in found[mark].numbers) == (verdict, True)
    assert (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()) == before


def test_names_classes_and_modules_are_examined_alike():
    same = [
        losslab.check("huber", "regression", arguments={"delta": 2.0}),
        losslab.check(nn.HuberLoss, "regression", arguments={"delta": 2.0}),
        losslab.check(nn.HuberLoss(delta=2.0), "regression"),
    ]
    lowest = {marks(examination)["lowest where prediction = target"].numbers for examination in same}
    assert len(lowest) == 1
    reductions = [marks(examination)["mean, sum and none agree"].verdict for examination in same]
    assert reductions == [SOUND, SOUND, NOT_APPLICABLE]  # a module that is made has its reduction
    assert losslab.check(nn.CrossEntropyLoss).kind == "multiclass"


@pytest.mark.parametrize("kind", ["binary", "multilabel", "segmentation"])
def test_targets_are_the_usual_ones_of_the_kind(kind):
    lowest = marks(losslab.check(functional.binary_cross_entropy_with_logits, kind))
    assert lowest["lowest where prediction = target"].verdict == SOUND


def test_what_it_is_fed_can_be_told():
    found = losslab.check(nn.NLLLoss, "multiclass", output_activation="log_softmax")
    found.raise_if_unsound()
    fed_wrongly = losslab.check(nn.CrossEntropyLoss(), "multiclass", output_activation="softmax")
    with pytest.raises(
        AssertionError, match="CrossEntropyLoss is unsound on multiclass targets:\ngradient at"
    ):
        fed_wrongly.raise_if_unsound()


@losslab.parametrize_with_checks([nn.HuberLoss], kind="regression", arguments={"delta": 0.5})
def test_sound(loss, check):
    check(loss)


def test_one_id_for_each_loss_and_mark_and_a_failure_says_why():
    (name, cases) = losslab.parametrize_with_checks([edits_target, "mse"], kind="regression").args
    assert name == ("loss", "check")
    ids = [case.id for case in cases]
    assert len(ids) == len(set(ids))
    assert {f"edits_target-{INPUTS}", f"mse-{GRADCHECK}"} <= set(ids)
    by_id = {case.id: case.values for case in cases}
    loss, check = by_id[f"edits_target-{INPUTS}"]
    with pytest.raises(AssertionError, match=f"{INPUTS}: edits its target in place"):
        check(loss)
    loss, check = by_id["mse-empty mask and all foreground"]
    with pytest.raises(pytest.skip.Exception, match="targets are not masks"):
        check(loss)


@pytest.mark.parametrize(
    ("loss", "options", "sentence"),
    [
        (3, {}, "3 is not a loss: give a module, a class, a function or a name"),
        (nn.MSELoss, {"kind": "ordinal"}, "kind ordinal does not exist: choose one of multiclass"),
        (nn.MSELoss, {"arguments": {"gamma": 2}}, "MSELoss cannot be made with {'gamma': 2}"),
        (nn.MSELoss, {"expects": "scores"}, "expects=scores does not exist"),
        (nn.MSELoss, {"output_activation": "relu"}, "loss.output_activation=relu"),
        (nn.MSELoss, {"kind": "binary", "targets": "mask"}, "takes targets as mask"),
        ("mes", {}, "did you mean mse"),
    ],
)
def test_bad_input_is_one_sentence(loss, options, sentence):
    with pytest.raises(UserError) as error:
        losslab.check(loss, **options)
    assert sentence in str(error.value)
