"""Pictures of predictions: that they show what they are given, and when they are drawn."""

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from losslab.tasks.pictures import (
    confusion_matrix,
    mask_overlays,
    precision_recall,
    predicted_against_true,
    reliability,
)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def labels(figure):
    return [line.get_label() for axes in figure.axes for line in axes.lines]


def test_confusion_matrix_counts():
    figure = confusion_matrix.draw(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 2, 2]), 3)
    assert sorted(texts(figure)) == ["1", "1", "1", "1"]
    shown = figure.axes[0].images[0].get_array()
    assert shown.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]


def test_predicted_against_true():
    figure = predicted_against_true.draw(
        torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.0], [2.0], [3.0]])
    )
    points = figure.axes[0].collections[0].get_offsets()
    assert points.tolist() == [[1, 1], [2, 2], [3, 4]]
    assert "median 0" in labels(figure)


def test_reliability_has_the_error_of_its_bins():
    probabilities = torch.tensor([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    came_true = torch.tensor([1, 1, 0, 0, 0, 0])
    # two bins: four at 0.9 of which half came true, two at 0.1 of which none did
    figure = reliability.draw(probabilities, came_true)
    assert "expected calibration error 0.300" in labels(figure)


def test_reliability_of_several_classes_takes_the_largest():
    probabilities = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    confidence, right = reliability.of_largest(probabilities, torch.tensor([0, 1]))
    assert confidence.tolist() == pytest.approx([0.7, 0.6])
    assert right.tolist() == [True, False]


def test_precision_recall_marks_the_decision():
    figure = precision_recall.draw(torch.tensor([-2.0, -1.0, 1.0, 2.0]), torch.tensor([0, 1, 0, 1]))
    mark = next(line for line in figure.axes[0].lines if line.get_label() == "decision at 0")
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (0.5, 0.5)


@pytest.mark.parametrize("scores", [[-3.0, -2.0], [2.0, 3.0]])
@pytest.mark.parametrize("targets", [[0, 0], [1, 1], [0, 1]])
def test_precision_recall_at_the_edges(scores, targets):
    figure = precision_recall.draw(torch.tensor(scores), torch.tensor(targets))
    figure.draw_without_rendering()
    assert len(figure.axes[0].lines) == (1 if sum(targets) == 0 else 3)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_mask_overlays_colour_the_errors(channels):
    inputs = torch.rand(2, channels, 2, 2)
    true = torch.tensor([[[[1, 1], [0, 0]]]] * 2)
    predicted = torch.tensor([[[[1, 0], [1, 0]]]] * 2)
    figure = mask_overlays.draw(inputs, predicted, true)
    image, errors = figure.axes[0].images[0].get_array(), figure.axes[3].images[0].get_array()
    for place, colour in (
        ((0, 0), mask_overlays.FOUND),
        ((0, 1), mask_overlays.MISSED),
        ((1, 0), mask_overlays.INVENTED),
    ):
        expected = 0.35 * image[place] + 0.65 * torch.tensor(colour).numpy()
        assert errors[place].tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    assert errors[1, 1].tolist() == pytest.approx((0.35 * image[1, 1]).tolist(), abs=1e-6)


@pytest.mark.parametrize(("times", "expected"), [("2", 2), ("0", 0), ("null", None)])
def test_when_pictures_are_drawn(train, times, expected):
    record, folder = train(f"pictures={times}", "trainer.max_epochs=3", "trainer.eval_every=10")
    log = EventAccumulator(str(folder), size_guidance={"images": 0}).Reload()
    tags = log.Tags()["images"]
    if expected is None:
        assert tags == []
        return
    assert {"confusion_matrix/test", "reliability/test"} <= set(tags)
    while_training = [event.step for event in log.Images("confusion_matrix/validation")] if expected else []
    assert len(while_training) == expected
    assert all(step % 10 == 0 and step < record.steps for step in while_training)


def test_pictures_change_nothing_in_the_result(train):
    first, _ = train("pictures=3", "trainer.eval_every=10")
    second, _ = train("pictures=null", "trainer.eval_every=10")
    assert first.metrics == second.metrics
    assert first.identity == second.identity
