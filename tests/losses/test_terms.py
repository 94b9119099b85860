"""Weighted sums: their value, their forms of targets, and that each term is logged by itself."""

import pytest
import torch

from losslab import records
from losslab.errors import UserError
from losslab.losses.criterion import build_criterion
from losslab.soundness.examples import KINDS

TWO = "loss.terms=[{loss: cross_entropy, weight: 2}, {loss: mse_softmax, weight: 0.5}]"


def test_value_and_gradient_are_the_weighted_sum(composed):
    kind = KINDS["multiclass"]
    outputs, targets = kind.outputs().requires_grad_(), kind.targets()
    total = build_criterion(composed("loss=sum", TWO).loss, kind, "sum")
    parts = [build_criterion(composed(f"loss={name}").loss, kind, name) for name in total.terms]
    expected = [part(outputs, kind.encode(targets, part.form)) for part in parts]
    value = total(outputs, kind.encode(targets, total.form))
    assert torch.allclose(value, 2 * expected[0] + 0.5 * expected[1])
    assert torch.allclose(total.last_terms, torch.stack(expected))
    assert not total.last_terms.requires_grad
    (gradient,) = torch.autograd.grad(value, outputs, retain_graph=True)
    (by_hand,) = torch.autograd.grad(2 * expected[0] + 0.5 * expected[1], outputs)
    assert torch.allclose(gradient, by_hand)


def test_each_term_is_logged_and_the_record_holds_it_in_full(train):
    record, folder = train("loss=sum", TWO, "trainer.max_epochs=1")
    curves = records.load_curves(folder)
    by_metric = curves[curves.split == "train"].pivot(index="step", columns="metric", values="value")
    logged = by_metric.dropna(subset=["batch_loss"])
    assert len(logged) >= 3
    weighted = 2 * logged.batch_loss_cross_entropy + 0.5 * logged.batch_loss_mse_softmax
    assert weighted.tolist() == pytest.approx(logged.batch_loss.tolist(), rel=1e-5)
    assert record.config["loss"]["terms"][0]["loss"]["_target_"] == "torch.nn.CrossEntropyLoss"


def test_a_plain_loss_logs_no_terms(train):
    _, folder = train("loss=mse", "trainer.max_epochs=1")
    assert not [metric for metric in records.load_curves(folder).metric if metric.startswith("batch_loss_")]


def test_inline_terms_and_equal_names(composed):
    settings = composed(
        "loss=sum",
        "loss.terms=[{loss: {_target_: torch.nn.MSELoss}, targets: one_hot}, "
        "{loss: mse, weight: 3}, {loss: mse}]",
    )
    assert [(term.name, term.weight) for term in settings.loss.terms] == [
        ("MSELoss", 1.0), ("mse", 3.0), ("mse_2", 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ("[]", "give a list"),
        ("[{weight: 1}]", r"terms\[0\]"),
        ("[{loss: mse, weight: big}]", "weight=big"),
        ("[{loss: mze}]", "loss=mze does not exist .did you mean mse"),
        ("[{loss: bce_dice}]", "is a sum itself"),
    ],
)
def test_what_is_no_sum_is_said(composed, terms, sentence):
    with pytest.raises(UserError, match=sentence):
        composed("loss=sum", f"loss.terms={terms}")


def test_nce_mae_is_its_closed_form(composed):
    criterion = build_criterion(composed("loss=nce_mae").loss, KINDS["multiclass"], "nce_mae")
    outputs, targets = KINDS["multiclass"].outputs(), KINDS["multiclass"].targets()
    p = outputs.softmax(dim=1)
    true = p[torch.arange(len(p)), targets]
    expected = (true.log() / p.log().sum(dim=1) + 1 - true).mean()
    assert criterion(outputs, targets).item() == pytest.approx(expected.item(), rel=1e-5)
