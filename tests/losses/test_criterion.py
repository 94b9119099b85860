"""Criteria: what the YAML files of the first losses really compute, against closed forms."""

import math

import pytest
import torch
from torch.nn import functional

from losslab.config.settings import SingleLossSettings, validated
from losslab.errors import UserError
from losslab.losses.criterion import Criterion, build_criterion
from losslab.tasks.kinds.multiclass import Multiclass

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]])
INDICES = torch.tensor([0, 2])
ONE_HOT = functional.one_hot(INDICES, 3).float()
PROBABILITIES = LOGITS.exp() / LOGITS.exp().sum(dim=1, keepdim=True)
SIGMOID = 1 / (1 + (-LOGITS).exp())
TRUE_PROBABILITY = PROBABILITIES[torch.arange(2), INDICES]

EXPECTED = {
    "cross_entropy": -TRUE_PROBABILITY.log().mean(),
    "nll": -TRUE_PROBABILITY.log().mean(),
    "mse": ((LOGITS - ONE_HOT) ** 2).mean(),
    "mse_softmax": ((PROBABILITIES - ONE_HOT) ** 2).mean(),
    "mse_sigmoid": ((SIGMOID - ONE_HOT) ** 2).mean(),
    "l1": (LOGITS - ONE_HOT).abs().mean(),
    "cross_entropy_on_softmax": (PROBABILITIES.exp().sum(dim=1).log() - TRUE_PROBABILITY).mean(),
    "bce_with_logits": -(ONE_HOT * SIGMOID.log() + (1 - ONE_HOT) * (1 - SIGMOID).log()).mean(),
    "label_smoothing": -0.9 * TRUE_PROBABILITY.log().mean() - 0.1 * PROBABILITIES.log().mean(),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_value(composed, name):
    settings = composed(f"loss={name}")
    kind = Multiclass(3)
    criterion = build_criterion(settings.loss, kind, name)
    assert torch.allclose(criterion(LOGITS, kind.encode(INDICES, criterion.form)), EXPECTED[name])


def test_every_arm_really_differs_from_cross_entropy_except_nll():
    same = [name for name, value in EXPECTED.items() if torch.allclose(value, EXPECTED["cross_entropy"])]
    assert same == ["cross_entropy", "nll"]


@pytest.mark.parametrize("precision", [torch.float64, torch.bfloat16])
@pytest.mark.parametrize("name", ["mse", "l1", "huber", "bce_with_logits", "cross_entropy"])
def test_outputs_of_another_precision_than_the_targets(composed, name, precision):
    kind = Multiclass(3)
    criterion = build_criterion(composed(f"loss={name}").loss, kind, name)
    targets = kind.encode(INDICES, criterion.form)
    outputs = LOGITS.to(precision).requires_grad_()
    loss = criterion(outputs, targets)
    loss.backward()
    assert outputs.grad.dtype == precision
    assert loss.item() == pytest.approx(criterion(LOGITS, targets).item(), rel=1e-2)


@pytest.mark.parametrize(
    ("precision", "wider"), [(torch.float64, torch.float64), (torch.bfloat16, torch.float32)]
)
def test_a_loss_is_given_one_type(precision, wider):
    given = []

    def loss(prediction, target):
        given.append((prediction.dtype, target.dtype))
        return (prediction - target).square().mean()

    Criterion(loss, "identity", "one_hot")(LOGITS.to(precision), ONE_HOT)
    assert given == [(wider, wider)]


def test_softmax_before_cross_entropy_has_its_floor(composed):
    settings = composed("loss=cross_entropy_on_softmax")
    criterion = build_criterion(settings.loss, Multiclass(10), "cross_entropy_on_softmax")
    certain = torch.full((1, 10), -1e4)
    certain[0, 3] = 1e4
    assert criterion(certain, torch.tensor([3])).item() == pytest.approx(math.log(1 + 9 / math.e), abs=1e-6)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"loss": {"_target_": "torch.nn.MSELoss"}, "output_activation": "sigmiod", "targets": "one_hot"},
            "sigmiod.*choose one of identity",
        ),
        (
            {"loss": {"_target_": "torch.nn.MSELoss"}, "output_activation": "identity", "targets": "mask"},
            "takes targets as mask.*class_index, one_hot: choose one of",
        ),
        (
            {"loss": {"_target_": "my_losses.MyLoss"}, "output_activation": "identity", "targets": "values"},
            r"takes targets as values.*add it, e\.g\. loss\.targets=\[class_index\]; else",
        ),
        (
            {
                "loss": {"_target_": "torch.nn.HuberLos"},
                "output_activation": "identity",
                "targets": "one_hot",
            },
            "HuberLos",
        ),
        (
            {
                "loss": {"_target_": "torch.nn.MSELoss", "gamma": 1},
                "output_activation": "identity",
                "targets": "one_hot",
            },
            "gamma",
        ),
    ],
)
def test_what_cannot_be_a_criterion_is_said_in_one_sentence(config, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        build_criterion(validated(SingleLossSettings, config, where="loss"), Multiclass(3), "mine")
    assert "\n" not in str(caught.value)
