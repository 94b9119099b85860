"""`balanced` in a config becomes weights of the training split; the record keeps the word."""

import pytest
import torch

from losslab.errors import UserError
from losslab.losses.balance import class_shares
from losslab.losses.criterion import build_criterion
from losslab.soundness.examples import KINDS
from losslab.train.run import build


def test_weights_come_from_the_training_split(composed):
    settings = composed("loss=balanced_cross_entropy")
    parts = build(settings)
    counts = torch.bincount(parts.task.training_targets)
    assert torch.allclose(parts.criterion.loss.weight, counts.sum() / (10 * counts))
    assert settings.loss.loss.arguments["weight"] == "balanced"


def test_pos_weight_is_negatives_by_positives(composed):
    settings = composed("loss=bce_with_logits", "loss.loss.pos_weight=balanced")
    parts = build(settings)
    counts = torch.bincount(parts.task.training_targets)
    assert torch.allclose(parts.criterion.loss.pos_weight, (counts.sum() - counts) / counts)


def test_numbers_are_taken_too(composed):
    settings = composed("loss=bce_with_logits", "loss.loss.pos_weight=3")
    assert build_criterion(settings.loss, KINDS["binary"], "bce").loss.pos_weight.item() == 3
    settings = composed("loss=cross_entropy", "loss.loss.weight=[1,2,3,4]")
    assert build_criterion(settings.loss, KINDS["multiclass"], "ce").loss.weight.tolist() == [1, 2, 3, 4]


def test_a_mask_gets_one_pos_weight_that_broadcasts(composed):
    settings = composed("loss=balanced_bce")
    kind = KINDS["segmentation"]
    targets = kind.targets()
    criterion = build_criterion(settings.loss, kind, "balanced_bce", training_targets=lambda: targets)
    balanced = (1 - targets.mean()) / targets.mean()
    assert criterion.loss.pos_weight.flatten().tolist() == pytest.approx([balanced.item()])
    # at logits of zero every pixel costs log 2, positives `balanced` times: as much as all negatives
    assert criterion(torch.zeros_like(targets), targets).item() == pytest.approx(
        2 * (1 - targets.mean().item()) * 0.693147, rel=1e-5
    )


@pytest.mark.parametrize(
    ("overrides", "targets", "sentence"),
    [
        (["loss=cross_entropy", "loss.loss.weight=ballanced"], [0, 1], "ballanced is wrong"),
        (["loss=cross_entropy", "loss.loss.weight=balanced"], [0, 2], "no sample of class 1"),
        (["loss=bce", "+loss.loss.weight=balanced", "loss.targets=one_hot"], [0, 1], "does not apply"),
    ],
)
def test_what_cannot_be_balanced_is_said(composed, overrides, targets, sentence):
    settings = composed(*overrides)
    with pytest.raises(UserError, match=sentence):
        build_criterion(
            settings.loss, KINDS["multiclass"], "mine", training_targets=lambda: torch.tensor(targets)
        )


def test_a_prior_comes_from_the_training_split(composed):
    settings = composed("loss=logit_adjusted_cross_entropy", "task.imbalanced={9:0.1}")
    parts = build(settings)
    counts = torch.bincount(parts.task.training_targets)
    assert counts[9] < counts[:9].min() / 5
    assert torch.allclose(parts.criterion.loss.prior, counts / counts.sum())
    with pytest.raises(UserError, match="prior=training does not apply to targets of the form mask"):
        class_shares("mask", torch.zeros(2, 1), "mine")
