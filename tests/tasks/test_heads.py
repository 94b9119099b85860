"""Heads: a mean of any outputs, in the targets' unit; and what arms with different heads share."""

import pytest
import torch

from losslab.errors import UserError
from losslab.losses.hl_gauss import HLGauss
from losslab.tasks.heads import Histogram, MeanAndVariance, Value
from losslab.tasks.kinds.regression import Regression
from losslab.train.parts import build

TARGETS = torch.tensor([[1.0, -20.0], [2.0, 0.0], [4.0, 30.0]])
HEADS = [Value(), MeanAndVariance(), Histogram(bins=40)]
FRIEDMAN = ("task=friedman", "task.source.samples=200")


@pytest.mark.parametrize("head", HEADS, ids=lambda head: type(head).__name__)
@pytest.mark.parametrize("scaling", [None, "standardise"])
def test_metrics_are_those_of_the_mean_in_the_targets_unit(head, scaling):
    kind = Regression(2, scaling).fitted(TARGETS).with_head(head)
    outputs = kind.head.predicting(kind.encode(TARGETS, "values"))
    assert outputs.shape == kind.output_shape(TARGETS) == (3, 2 * head.outputs)
    assert torch.allclose(kind.predicted(outputs), TARGETS, atol=1e-2 * 50)
    metrics = kind.metrics(final=True)
    metrics.update(outputs, TARGETS + torch.tensor([[0.0, 7.0]]))
    assert metrics.compute()["mae"].item() == pytest.approx(3.5, abs=0.05)


def test_a_histogram_covers_the_training_targets_and_some_bins_more():
    kind = Regression(2).fitted(TARGETS).with_head(Histogram(bins=40, padding=5))
    bins = kind.encode(TARGETS, "bins")
    assert torch.allclose(bins[[0, 2]], torch.tensor([[5.0, 5.0], [35.0, 35.0]]), atol=1e-4)
    far = kind.encode(torch.tensor([[-100.0, 1e6]]), "bins")
    assert far.tolist() == [[0.0, 40.0]]


def test_a_constant_target_has_a_histogram_too():
    kind = Regression(1).fitted(torch.full((4, 1), 3.0)).with_head(Histogram())
    assert torch.isfinite(kind.encode(torch.full((4, 1), 3.0), "bins")).all()


def test_the_histogram_of_least_loss_predicts_the_target():
    kind = Regression(1).fitted(torch.randn(100, 1)).with_head(Histogram())
    targets = torch.tensor([[-0.7], [0.1], [1.2]])
    outputs = torch.zeros(kind.output_shape(targets), requires_grad=True)
    optimizer = torch.optim.LBFGS([outputs], max_iter=200)

    def closure():
        optimizer.zero_grad()
        value = HLGauss(reduction="sum")(outputs, kind.encode(targets, "bins"))
        value.backward()
        return value

    optimizer.step(closure)
    assert torch.allclose(kind.predicted(outputs.detach()), targets, atol=0.02)


@pytest.mark.parametrize("init", ["default", "kaiming_normal"])
def test_arms_with_other_heads_begin_with_the_same_weights(composed, init):
    chosen = (*FRIEDMAN, f"init={init}")
    value, pair, bins = (
        build(composed(*chosen, f"loss={loss}")) for loss in ("mse", "gaussian_nll", "hl_gauss")
    )
    *hidden, weight, bias = value.network.parameters()
    for parts in (pair, bins):
        *others, wide, shifts = parts.network.parameters()
        assert all(torch.equal(*both) for both in zip(hidden, others, strict=True))
        assert torch.equal(wide[:1], weight)
        assert torch.equal(shifts[:1], bias)
    inputs, _ = value.task.splits["validation"].sample(20)
    first, second = (parts.task.kind.predicted(parts.network(inputs)) for parts in (value, pair))
    assert torch.allclose(first, second, rtol=1e-5)  # a wider product sums in another order
    assert pair.network(inputs).shape == (20, 2)


def test_a_squared_error_of_the_mean_trains_like_one_of_the_value(train):
    chosen = (*FRIEDMAN, "diagnostics=off")
    value, mean = (train(*chosen, f"loss={loss}")[0] for loss in ("mse", "mse_on_mean"))
    assert value.metrics["test"]["rmse"] == pytest.approx(mean.metrics["test"]["rmse"], rel=1e-5)
    assert value.task_identity == mean.task_identity
    assert value.arm_identity != mean.arm_identity


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["loss=hl_gauss"], "^loss.head=Histogram needs task.kind=regression, the task's is multiclass$"),
        (
            [*FRIEDMAN, "loss=mse", "loss.targets=bins"],
            "takes targets as bins, but this task offers values: choose",
        ),
        ([*FRIEDMAN, "loss=hl_gauss", "loss.head.bins=12"], "^loss.head.bins=12 leaves no bin between twice"),
        (
            [*FRIEDMAN, "loss=mse", "+loss.head={_target_: torch.nn.ReLU}"],
            "ReLU is not a head: derive it from",
        ),
        (
            [*FRIEDMAN, "loss=sum", "loss.terms=[{loss: mse},{loss: gaussian_nll}]"],
            "its terms need the same head",
        ),
    ],
)
def test_a_head_that_does_not_fit_is_refused(composed, overrides, sentence):
    with pytest.raises(UserError, match=sentence):
        build(composed(*overrides))
