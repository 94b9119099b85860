"""Kinds of target: each metric against scikit-learn or by hand, target forms, and what does not fit."""

import numpy as np
import pytest
import sklearn.metrics as reference
import torch

from losslab.errors import UserError
from losslab.tasks.kinds.binary import Binary
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.kinds.multilabel import Multilabel
from losslab.tasks.kinds.regression import Regression
from losslab.tasks.kinds.segmentation import Segmentation
from losslab.tasks.metrics.boundary_f1 import BoundaryF1
from losslab.tasks.sources import Raw


def measured(kind, outputs, targets, batches=3):
    """All final metrics, over several batches."""
    metrics = kind.metrics(final=True)
    for some_outputs, some_targets in zip(outputs.chunk(batches), targets.chunk(batches), strict=True):
        metrics.update(some_outputs, some_targets)
    return {name: value.tolist() for name, value in metrics.compute().items()}


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def calibration_error(confidence, correct, bins=15):
    """Weighted mean over bins of |mean confidence - share correct|, written out."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(
        abs(confidence[which == one].mean() - correct[which == one].mean()) * (which == one).mean()
        for one in np.unique(which)
    )


def test_multiclass_metrics():
    outputs, targets = random(90, 4) * 3, torch.arange(90) % 4
    found = measured(Multiclass(4), outputs, targets)
    predicted, probabilities = outputs.argmax(1), outputs.double().softmax(1).numpy()
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert found["balanced_accuracy"] == pytest.approx(reference.balanced_accuracy_score(targets, predicted))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(targets, predicted, average="macro"))
    assert found["recall_per_class"] == pytest.approx(
        reference.recall_score(targets, predicted, average=None).tolist()
    )
    assert found["negative_log_likelihood"] == pytest.approx(
        reference.log_loss(targets, probabilities), rel=1e-5
    )
    assert found["cohen_kappa"] == pytest.approx(reference.cohen_kappa_score(targets, predicted), abs=1e-6)
    assert found["auroc"] == pytest.approx(
        reference.roc_auc_score(targets, probabilities, multi_class="ovr"), abs=1e-5
    )
    one_hot = np.eye(4)[targets]
    assert found["auprc"] == pytest.approx(
        reference.average_precision_score(one_hot, probabilities), abs=1e-5
    )
    assert found["brier_score"] == pytest.approx(((probabilities - one_hot) ** 2).sum(1).mean(), rel=1e-5)
    assert found["expected_calibration_error"] == pytest.approx(
        calibration_error(probabilities.max(1), (predicted == targets).numpy()), abs=1e-5
    )


def test_binary_metrics():
    targets = (torch.arange(120) % 6 == 0).long()
    outputs = random(120, 1) + targets[:, None] - 0.5
    found = measured(Binary(), outputs, targets)
    scores, predicted = outputs[:, 0], (outputs[:, 0] > 0).long()
    assert found["auprc"] == pytest.approx(reference.average_precision_score(targets, scores))
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(targets, scores))
    assert found["f1"] == pytest.approx(reference.f1_score(targets, predicted))
    assert found["recall"] == pytest.approx(reference.recall_score(targets, predicted))
    assert found["precision"] == pytest.approx(reference.precision_score(targets, predicted))
    assert found["cohen_kappa"] == pytest.approx(reference.cohen_kappa_score(targets, predicted), abs=1e-6)
    probability = scores.double().sigmoid().numpy()
    assert found["brier_score"] == pytest.approx(reference.brier_score_loss(targets, probability))
    assert found["expected_calibration_error"] == pytest.approx(
        calibration_error(probability, targets.numpy()), abs=1e-5
    )


def test_outputs_between_0_and_1_are_logits_all_the_same():
    targets = torch.tensor([0, 1, 0, 1])
    found = measured(Binary(), torch.tensor([[0.1], [0.2], [0.3], [0.9]]), targets, batches=1)
    assert found["recall"] == 1.0
    assert found["precision"] == 0.5  # all four lie above 0
    masks = torch.tensor([0, 1, 0, 1], dtype=torch.uint8).reshape(1, 1, 2, 2)
    assert measured(Segmentation(), torch.full((1, 1, 2, 2), 0.2), masks, batches=1)["iou"] == 0.5


def test_very_confident_outputs_keep_their_ranking():
    outputs = torch.tensor([[20.0], [25.0], [21.0], [30.0]])
    assert measured(Binary(), outputs, torch.tensor([0, 1, 0, 1]), batches=1)["auroc"] == 1.0


def test_multilabel_metrics():
    outputs = random(60, 5)
    targets = (random(60, 5, seed=1) + outputs > 0.3).byte()
    found = measured(Multilabel(5), outputs, targets)
    predicted = (outputs > 0).long()
    assert found["micro_f1"] == pytest.approx(reference.f1_score(targets, predicted, average="micro"))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(targets, predicted, average="macro"))
    assert found["exact_match"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert found["mean_average_precision"] == pytest.approx(
        reference.average_precision_score(targets, outputs, average="macro")
    )
    assert found["auroc"] == pytest.approx(reference.roc_auc_score(targets, outputs, average="macro"))
    probability, truth = outputs.double().sigmoid().flatten().numpy(), targets.flatten().numpy()
    assert found["brier_score"] == pytest.approx(reference.brier_score_loss(truth, probability))
    assert found["expected_calibration_error"] == pytest.approx(
        calibration_error(probability, truth), abs=1e-5
    )


@pytest.mark.parametrize("scaling", [None, "standardise"])
@pytest.mark.parametrize("offset", [0.0, 500_000.0])
def test_regression_metrics_are_in_the_targets_unit(scaling, offset):
    training = random(200, 1, seed=2) * 7 + offset
    kind = Regression(1, scaling).fitted(training)
    targets = random(61, 1) * 7 + offset
    wanted = targets + random(61, 1, seed=1)
    outputs = kind.scaled(wanted)
    if scaling:
        assert abs(float(kind.encode(training, "values").mean())) < 1e-3
        assert float(kind.encode(training, "values").std()) == pytest.approx(1, rel=0.01)
    else:
        assert torch.equal(kind.encode(targets, "values"), targets)
    found = measured(kind, outputs, targets)
    truth, guess = targets.double(), wanted.double()
    close = {"rel": 2e-2 if offset else 1e-4}  # float32 numbers of 500,000 are 0.03 apart
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(truth, guess), **close)
    assert found["rmse"] == pytest.approx(reference.root_mean_squared_error(truth, guess), **close)
    assert found["r2"] == pytest.approx(reference.r2_score(truth, guess), **close)
    assert found["median_absolute_error"] == pytest.approx(
        reference.median_absolute_error(truth, guess), **{"rel": 6e-2 if offset else 1e-4}
    )
    for quantile in (0.1, 0.9):
        expected = reference.mean_pinball_loss(truth, guess, alpha=quantile)
        assert found[f"pinball_{quantile * 100:.0f}"] == pytest.approx(expected, **close)
    assert found["coverage"] == pytest.approx(float((truth <= guess).double().mean()), abs=0.02)


def test_segmentation_metrics():
    outputs = random(6, 1, 9, 8)
    targets = (random(6, 1, 9, 8, seed=1) + outputs > 0).byte()
    found = measured(Segmentation(), outputs, targets)
    truth, predicted = targets.flatten(), (outputs > 0).flatten()
    assert found["iou"] == pytest.approx(reference.jaccard_score(truth, predicted))
    assert found["dice"] == pytest.approx(reference.f1_score(truth, predicted))
    assert found["pixel_accuracy"] == pytest.approx(reference.accuracy_score(truth, predicted))
    probability = outputs.sigmoid().flatten().numpy()
    assert found["brier_score"] == pytest.approx(reference.brier_score_loss(truth, probability), rel=1e-5)
    assert found["expected_calibration_error"] == pytest.approx(
        calibration_error(probability, truth.numpy()), abs=1e-5
    )


def test_total_variation_is_the_share_of_neighbours_that_differ():
    outputs = torch.tensor([[1.0, 1.0, -1.0], [1.0, -1.0, -1.0]]).reshape(1, 1, 2, 3)
    found = measured(Segmentation(), outputs, torch.zeros(1, 1, 2, 3, dtype=torch.uint8), batches=1)
    assert found["total_variation"] == pytest.approx(3 / 7)  # 2 of 4 pairs across, 1 of 3 down


def square(top, left, side=6, size=16):
    mask = torch.zeros(1, 1, size, size, dtype=torch.int64)
    mask[..., top : top + side, left : left + side] = 1
    return mask


@pytest.mark.parametrize(
    ("tolerance", "moved", "expected"), [(0, 0, 1.0), (1, 1, 1.0), (0, 1, 10 / 20), (0, 7, 0.0)]
)
def test_boundary_f1_of_a_square_that_is_moved(tolerance, moved, expected):
    metric = BoundaryF1(tolerance)
    metric.update(square(4, 2 + moved), square(4, 2))  # 20 boundary pixels each; 10 shared when 1 aside
    assert metric.compute().item() == pytest.approx(expected)


def test_boundary_f1_without_any_boundary():
    metric = BoundaryF1()
    empty = torch.zeros(1, 1, 5, 5, dtype=torch.int64)
    metric.update(empty, empty)
    assert metric.compute().item() == 1.0
    metric.update(square(2, 2, side=2, size=5), empty)
    assert metric.compute().item() == 0.0


KINDS = {
    "multiclass": (Multiclass(3), torch.tensor([0, 2, 1, 1])),
    "binary": (Binary(), torch.tensor([0, 1, 1, 0])),
    "multilabel": (Multilabel(3), torch.tensor([[0, 1, 1], [1, 0, 0], [0, 0, 0], [1, 1, 1]]).byte()),
    "regression": (Regression(1), torch.tensor([[1.0], [2.0], [3.0], [5.0]])),
    "segmentation": (Segmentation(), (random(4, 1, 3, 3) > 0).byte()),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_form_but_class_indices_has_the_shape_of_the_outputs(name):
    kind, targets = KINDS[name]
    for form in kind.target_forms:
        encoded = kind.encode(targets, form)
        if form == "class_index":
            assert encoded.shape == (4,)
        else:
            assert tuple(encoded.shape) == kind.output_shape(targets)
            assert encoded.dtype == torch.float32


@pytest.mark.parametrize("name", ["binary", "multilabel", "segmentation"])
def test_signed_targets_put_the_decision_at_zero(name):
    kind, targets = KINDS[name]
    signed = kind.encode(targets, "signed")
    assert set(signed.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal((signed > 0).flatten(), (targets > 0).flatten())


def test_class_probabilities_of_several_labels_sum_to_one():
    kind, targets = KINDS["multilabel"]
    assert kind.encode(targets, "class_probabilities").sum(1).tolist() == pytest.approx([1, 1, 0, 1])


@pytest.mark.parametrize("name", KINDS)
def test_cheap_metrics_are_among_the_final_ones_and_have_the_primary(name):
    kind, targets = KINDS[name]
    outputs = torch.zeros(kind.output_shape(targets))

    def names(final):
        metrics = kind.metrics(final)
        metrics.update(outputs, targets)
        return set(metrics.compute())

    cheap, final = names(final=False), names(final=True)
    assert final == set(kind.metric_names())
    assert kind.primary in cheap
    assert cheap < final


@pytest.mark.parametrize("name", KINDS)
def test_each_metric_knows_its_direction(name):
    kind, _ = KINDS[name]
    directions = kind.directions()
    assert directions[kind.primary] is kind.higher_is_better
    neither = {metric for metric, better in directions.items() if better is None}
    assert neither == {"regression": {"coverage"}, "segmentation": {"total_variation"}}.get(name, set())
    errors = {metric for metric, better in directions.items() if better is False}
    assert errors == {
        metric
        for metric in directions
        if metric in {"mae", "rmse", "negative_log_likelihood"}
        or any(part in metric for part in ("error", "brier", "pinball"))
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "targets", "sentence"),
    [
        (Binary, (4, 2), torch.tensor([0, 1, 2, 1]), "task.kind=binary needs targets of 0 and 1"),
        (Binary, (4, 2), torch.zeros(4), "task.kind=binary needs targets of 0 and 1"),
        (Multilabel, (4, 2), torch.tensor([0, 1, 0, 1]), "with one column per label"),
        (Multilabel, (2, 2), torch.tensor([[0, 3], [1, 1]]), "values from 0 to 3"),
        (Regression, (2, 2), torch.zeros(2, 3, 4), "task.kind=regression needs targets of shape"),
        (Segmentation, (2, 1, 8, 8), torch.zeros(2, 1, 4, 4), r"masks .* of one size"),
        (Segmentation, (2, 8), torch.zeros(2, 8), "needs images"),
        (Segmentation, (2, 1, 4, 4), torch.full((2, 4, 4), 255), "values from 255 to 255"),
        (Multiclass, (2, 2), torch.tensor([0.5, 1.0]), "whole-number class indices"),
    ],
)
def test_targets_that_do_not_fit_the_kind(composed, kind, inputs, targets, sentence):
    with pytest.raises(UserError, match=sentence):
        kind.from_config(composed().task, Raw(torch.zeros(*inputs), targets))


def test_target_scaling_that_does_not_exist(composed):
    with pytest.raises(UserError, match=r"task\.target_scaling=log is wrong: give standardise or null"):
        composed("task.target_scaling=log")
