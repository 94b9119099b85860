"""Losses against closed forms and against each other."""

import math

import pytest
import torch
from hypothesis import given, settings, strategies
from torch import nn
from torch.nn import functional
from torchvision.ops import sigmoid_focal_loss

from losslab.losses import balance, brier, focal, generalised_cross_entropy, log_cosh, lovasz, quantile
from losslab.losses.gaussian_nll import GaussianNLL
from losslab.losses.gaussian_nll_one_variance import GaussianNLLOneVariance
from losslab.losses.hl_gauss import HLGauss
from losslab.losses.logit_adjusted_cross_entropy import LogitAdjustedCrossEntropy
from losslab.losses.mse_mean_terms import MSEMeanTerms
from losslab.losses.normalised_cross_entropy import NormalisedCrossEntropy
from losslab.losses.poly_1 import Poly1
from losslab.losses.smoothness import Smoothness
from losslab.losses.squentropy import Squentropy

GENERATOR = torch.Generator().manual_seed(0)
LOGITS = 3 * torch.randn(12, 4, generator=GENERATOR, dtype=torch.float64)
CLASSES = torch.arange(12) % 4
ONE_HOT = functional.one_hot(CLASSES, 4).double()
VALUES = torch.randn(12, 4, generator=GENERATOR, dtype=torch.float64)
MASKS = (torch.rand(3, 1, 6, 5, generator=GENERATOR) > 0.6).double()
MASK_LOGITS = torch.randn(3, 1, 6, 5, generator=GENERATOR, dtype=torch.float64)


def same(first, second):
    return torch.allclose(first, second, rtol=1e-9, atol=1e-12)


def test_cross_entropy_is_log_softmax_and_nll():
    log_probabilities = nn.LogSoftmax(dim=1)(LOGITS)
    assert same(nn.CrossEntropyLoss()(LOGITS, CLASSES), nn.NLLLoss()(log_probabilities, CLASSES))


@pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])
def test_huber_is_delta_times_smooth_l1(delta):
    assert same(
        nn.HuberLoss(delta=delta)(LOGITS, VALUES), delta * nn.SmoothL1Loss(beta=delta)(LOGITS, VALUES)
    )


def test_focal_without_focus_is_binary_cross_entropy():
    focal_value = sigmoid_focal_loss(LOGITS, ONE_HOT, alpha=-1, gamma=0, reduction="mean")
    assert same(focal_value, functional.binary_cross_entropy_with_logits(LOGITS, ONE_HOT))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, torch.tensor([1.0, 2.0, 0.5, 4.0], dtype=torch.float64)])
def test_multiclass_focal_without_focus_is_cross_entropy(reduction, weight):
    ours = focal.MulticlassFocal(gamma=0, weight=weight, reduction=reduction)
    torchs = nn.CrossEntropyLoss(weight=weight, reduction=reduction)
    assert same(ours(LOGITS, CLASSES), torchs(LOGITS, CLASSES))


def test_multiclass_focal_closed_form():
    p = LOGITS.softmax(1)[torch.arange(12), CLASSES]
    assert same(focal.MulticlassFocal(gamma=2)(LOGITS, CLASSES), (-((1 - p) ** 2) * p.log()).mean())


def test_focal_of_two_classes_is_binary_focal_without_alpha():
    """softmax over (0, x) is sigmoid of x."""
    x = LOGITS[:, 0]
    target = (CLASSES == 1).long()
    ours = focal.MulticlassFocal(gamma=2)(torch.stack([torch.zeros_like(x), x], 1), target)
    assert same(ours, sigmoid_focal_loss(x, target.double(), alpha=-1, gamma=2, reduction="mean"))


def test_weighted_mean_divides_by_the_sum_of_the_weights():
    weight = torch.tensor([1.0, 2.0, 0.5, 4.0], dtype=torch.float64)
    each = nn.CrossEntropyLoss(reduction="none")(LOGITS, CLASSES)
    expected = (weight[CLASSES] * each).sum() / weight[CLASSES].sum()
    assert same(nn.CrossEntropyLoss(weight=weight)(LOGITS, CLASSES), expected)


def test_balanced_weights_on_balanced_data_change_nothing():
    assert torch.equal(balance.class_weights(CLASSES), torch.ones(4))
    assert torch.equal(balance.positive_weights(torch.tensor([[1.0], [0.0], [0.0], [1.0]])), torch.ones(1))


def test_balanced_weights():
    assert balance.class_weights(torch.tensor([0, 0, 0, 1])).tolist() == pytest.approx([4 / 6, 2.0])
    targets = torch.tensor([[1.0, 0], [0, 1], [0, 1], [0, 1]])
    assert balance.positive_weights(targets).tolist() == pytest.approx([3.0, 1 / 3])
    assert balance.positive_weights(MASKS).shape == (1, 1, 1)


def test_generalised_cross_entropy_between_its_limits():
    log_probabilities = LOGITS.log_softmax(1)
    p = log_probabilities.exp()[torch.arange(12), CLASSES]
    make = generalised_cross_entropy.GeneralisedCrossEntropy
    assert same(make(q=0.7)(log_probabilities, CLASSES), ((1 - p**0.7) / 0.7).mean())
    assert same(make(q=1)(log_probabilities, CLASSES), (1 - p).mean())
    nearly = make(q=1e-9)(log_probabilities, CLASSES)
    assert nearly.item() == pytest.approx(functional.cross_entropy(LOGITS, CLASSES).item(), rel=1e-6)


def test_brier_is_the_mean_squared_error_times_the_classes():
    probabilities = LOGITS.softmax(1)
    assert same(brier.Brier()(probabilities, ONE_HOT), 4 * functional.mse_loss(probabilities, ONE_HOT))


@settings(max_examples=50, deadline=None)
@given(strategies.floats(-30, 30))
def test_log_cosh_is_what_it_says(residual):
    value = log_cosh.LogCosh()(torch.tensor([residual], dtype=torch.float64), torch.zeros(1).double())
    assert value.item() == pytest.approx(math.log(math.cosh(residual)), abs=1e-12, rel=1e-9)


def test_log_cosh_does_not_overflow():
    assert log_cosh.LogCosh()(torch.tensor([1e4]), torch.zeros(1)).item() == pytest.approx(1e4, rel=1e-4)


def test_quantile_half_is_half_the_absolute_error_and_others_find_their_quantile():
    assert same(quantile.Quantile(0.5)(LOGITS, VALUES), 0.5 * functional.l1_loss(LOGITS, VALUES))
    targets = torch.arange(101.0)
    values = [quantile.Quantile(0.9)(torch.full((101,), float(q)), targets) for q in range(101)]
    assert int(torch.stack(values).argmin()) == 90


def test_gaussian_nll_is_torchs_with_the_variance_of_each_target():
    raw = torch.randn(VALUES.shape, generator=torch.Generator().manual_seed(3)).to(VALUES)
    variance = functional.softplus(raw) + 1e-6
    value = functional.gaussian_nll_loss(LOGITS, VALUES, variance)
    assert same(GaussianNLL()(torch.cat([LOGITS, raw], dim=1), VALUES), value)


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_beta_weighs_the_means_gradient_by_the_variance(beta):
    outputs = torch.cat([LOGITS, torch.ones_like(LOGITS)], dim=1).requires_grad_()
    GaussianNLL(beta=beta, reduction="sum")(outputs, VALUES).backward()
    variance = functional.softplus(torch.ones((), dtype=LOGITS.dtype)) + 1e-6
    mean_gradient = outputs.grad.chunk(2, dim=1)[0]
    assert same(mean_gradient, (LOGITS - VALUES) * variance ** (beta - 1))


def test_gaussian_nll_with_unit_variance_is_half_the_squared_error():
    assert same(GaussianNLLOneVariance()(LOGITS, VALUES), 0.5 * functional.mse_loss(LOGITS, VALUES))


def test_histogram_loss_with_a_narrow_gaussian_is_cross_entropy_of_the_bin():
    logits = torch.randn(4, 10, generator=torch.Generator().manual_seed(0)).double()
    inside = torch.tensor([[0.5], [3.4], [9.7], [5.5]]).double()
    value = functional.cross_entropy(logits, inside[:, 0].long())
    assert same(HLGauss(sigma=1e-3)(logits, inside), value)


def test_histogram_loss_of_two_targets_is_the_mean_of_both():
    logits = torch.randn(4, 10, 2, generator=torch.Generator().manual_seed(0)).double()
    bins = torch.tensor([[0.5, 9.1], [3.4, 2.2], [9.7, 0.0], [5.5, 10.0]]).double()
    each = [HLGauss()(logits[:, :, index], bins[:, [index]]) for index in (0, 1)]
    assert same(HLGauss()(logits.flatten(1), bins), (each[0] + each[1]) / 2)


def test_gaussian_nll_with_one_variance_learns_the_noise():
    noise = 0.3 * torch.randn(2000, 1, generator=torch.Generator().manual_seed(0))
    loss = GaussianNLLOneVariance()
    optimizer = torch.optim.LBFGS(loss.parameters(), max_iter=50)

    def closure():
        optimizer.zero_grad()
        value = loss(torch.zeros_like(noise), noise)
        value.backward()
        return value

    optimizer.step(closure)
    assert loss.log_variance.exp().item() == pytest.approx(noise.pow(2).mean().item(), rel=1e-3)


def test_mean_terms_move_the_minimum_by_half_alpha():
    assert same(MSEMeanTerms(alpha=0, beta=0)(LOGITS, VALUES), functional.mse_loss(LOGITS, VALUES))
    shifted = (VALUES - 0.1).requires_grad_()
    MSEMeanTerms(alpha=0.2, beta=5)(shifted, VALUES).backward()
    assert shifted.grad.abs().max() < 1e-15


def test_soft_margin_is_binary_cross_entropy():
    value = functional.binary_cross_entropy_with_logits(LOGITS, ONE_HOT)
    assert same(nn.SoftMarginLoss()(LOGITS, 2 * ONE_HOT - 1), value)


def test_smoothness_counts_both_axes_and_no_other():
    mask = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])[None, None]
    assert Smoothness()(mask, mask).item() == pytest.approx(1 / 3 + 2 / 4)
    constant = torch.cat([torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)])
    assert Smoothness()(constant, constant) == 0
    assert Smoothness()(torch.rand(2, 1, 1, 1), None) == 0


def test_lovasz_of_certain_outputs_is_the_jaccard_error():
    """At outputs of ±1 hinge errors are 0 or 2: twice the Jaccard error, for every possible mask."""
    truth = torch.tensor([[1.0, 1, 0, 0, 0]])
    for code in range(32):
        guess = torch.tensor([[float(code >> bit & 1) for bit in range(5)]])
        union = ((guess + truth) > 0).sum()
        expected = 1 - (guess * truth).sum() / union
        value = lovasz.LovaszHinge()(2 * guess - 1, truth)
        assert value.item() == pytest.approx(2 * expected.item(), abs=1e-6)


class TestWithMonai:
    """Segmentation losses of MONAI and what we build on them."""

    def test_dice_is_tversky_with_both_halves(self):
        from monai.losses import DiceLoss, TverskyLoss

        small = {"sigmoid": True, "smooth_nr": 0, "smooth_dr": 0}
        assert same(
            DiceLoss(**small)(MASK_LOGITS, MASKS),
            TverskyLoss(alpha=0.5, beta=0.5, **small)(MASK_LOGITS, MASKS),
        )

    def test_focal_tversky_without_focus_is_tversky(self):
        from monai.losses import TverskyLoss

        from losslab.losses.focal_tversky import FocalTversky

        ours = FocalTversky(alpha=0.3, beta=0.7, gamma=1)(MASK_LOGITS, MASKS)
        assert same(ours, TverskyLoss(sigmoid=True, alpha=0.3, beta=0.7)(MASK_LOGITS, MASKS))

    def test_generalised_dice_closed_form(self):
        from losslab.losses.generalised_dice import GeneralisedDice

        p = torch.cat([1 - MASK_LOGITS.sigmoid(), MASK_LOGITS.sigmoid()], 1).flatten(2)
        y = torch.cat([1 - MASKS, MASKS], 1).flatten(2)
        w = 1 / y.sum(2) ** 2
        expected = 1 - 2 * (w * (p * y).sum(2)).sum(1) / (w * (p.sum(2) + y.sum(2))).sum(1)
        assert GeneralisedDice(smooth=0)(MASK_LOGITS, MASKS).item() == pytest.approx(expected.mean().item())

    def test_generalised_dice_of_an_empty_mask_still_has_a_gradient(self):
        from losslab.losses.generalised_dice import GeneralisedDice

        outputs = torch.zeros(1, 1, 4, 4, requires_grad=True)
        GeneralisedDice()(outputs, torch.zeros(1, 1, 4, 4)).backward()
        assert outputs.grad.min() > 1e-3

    def test_perfect_focal_tversky_has_a_finite_gradient(self):
        from losslab.losses.focal_tversky import FocalTversky

        outputs = (100 * (2 * MASKS - 1)).requires_grad_()
        FocalTversky()(outputs, MASKS).backward()
        assert outputs.grad.isfinite().all()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: focal.MulticlassFocal(gamma=-1), "gamma"),
        (lambda: quantile.Quantile(1.0), "quantile"),
        (lambda: generalised_cross_entropy.GeneralisedCrossEntropy(q=0), "q="),
        (lambda: brier.Brier(reduction="average"), "reduction=average"),
    ],
)
def test_wrong_arguments_are_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()


REDUCTIONS = pytest.mark.parametrize("reduction", ["mean", "sum", "none"])


@REDUCTIONS
def test_squentropy_adds_the_mean_square_of_the_wrong_logits(reduction):
    wrong = torch.stack([row[torch.arange(4) != label] for row, label in zip(LOGITS, CLASSES, strict=True)])
    each = functional.cross_entropy(LOGITS, CLASSES, reduction="none") + wrong.square().mean(dim=1)
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    assert same(Squentropy(reduction=reduction)(LOGITS, CLASSES), expected)


@REDUCTIONS
@pytest.mark.parametrize("epsilon", [-1.0, 0.0, 2.0])
def test_poly_1_changes_the_first_term_of_the_series(epsilon, reduction):
    p = LOGITS.softmax(1)[torch.arange(12), CLASSES]
    each = -p.log() + epsilon * (1 - p)
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    assert same(Poly1(epsilon, reduction)(LOGITS.log_softmax(1), CLASSES), expected)
    series = torch.stack([(1 - p) ** power / power for power in range(1, 4000)]).sum(dim=0)
    likely = p > 0.05  # where 4,000 terms are enough
    assert torch.allclose(each[likely], (series + epsilon * (1 - p))[likely], rtol=1e-9)


@REDUCTIONS
def test_logit_adjustment_multiplies_odds_by_shares(reduction):
    prior = torch.tensor([0.7, 0.2, 0.09, 0.01], dtype=torch.float64)
    odds = LOGITS.exp() * prior**1.5
    each = -(odds / odds.sum(dim=1, keepdim=True))[torch.arange(12), CLASSES].log()
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    ours = LogitAdjustedCrossEntropy(prior, tau=1.5, reduction=reduction)
    assert torch.allclose(ours(LOGITS, CLASSES), expected, rtol=1e-6)  # shares are kept in float32


def test_logit_adjustment_of_equal_classes_is_cross_entropy():
    ours = LogitAdjustedCrossEntropy([0.25] * 4)
    assert same(ours(LOGITS, CLASSES), functional.cross_entropy(LOGITS, CLASSES))
    maps = LOGITS.reshape(3, 4, 4)
    assert same(ours(maps, CLASSES.reshape(3, 4)), functional.cross_entropy(maps, CLASSES.reshape(3, 4)))


@pytest.mark.parametrize("prior", [[0.5, 0.0], [[0.5, 0.5]]])
def test_logit_adjustment_needs_a_share_of_every_class(prior):
    with pytest.raises(ValueError, match="one share above 0 for each class"):
        LogitAdjustedCrossEntropy(prior)


def test_normalised_cross_entropy_sums_to_one_over_all_labels():
    log_p = LOGITS.log_softmax(1)
    every = [NormalisedCrossEntropy("none")(log_p, torch.full((12,), label)) for label in range(4)]
    assert same(torch.stack(every).sum(dim=0), torch.ones(12, dtype=torch.float64))
    assert same(every[2], log_p[:, 2] / log_p.sum(dim=1))
    assert same(NormalisedCrossEntropy()(log_p, torch.full((12,), 2)), every[2].mean())
