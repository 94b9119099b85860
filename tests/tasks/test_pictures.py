"""Pictures of predictions: that they show what they are given, and when they are drawn."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.pictures import (
    confusion_matrix,
    mask_overlays,
    precision_recall,
    predicted_against_true,
    reliability,
)
from losslab.tasks.pictures.canvas import BLUE, Axes, Canvas, ticks


@pytest.fixture
def written(monkeypatch):
    """All texts that pictures write, in order."""
    texts = []
    for name, place in (("text", 1), ("upright", 1)):
        original = getattr(Canvas, name)

        def noted(self, *arguments, original=original, place=place, **options):
            texts.append(arguments[place])
            return original(self, *arguments, **options)

        monkeypatch.setattr(Canvas, name, noted)
    return texts


def colours_at(image, *pixels):
    return [image.getpixel((round(x), round(y))) for x, y in pixels]


def test_confusion_matrix_counts(written):
    image = confusion_matrix.draw(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 2, 2]), 3)
    assert written.count("4 samples") == 1
    # axis labels 0, 1, 2, then the cells of each row
    assert written[-10:] == ["0", "0", "1", "1", "1", "1", "2", "2", "1", "1"]
    cell, left, top = confusion_matrix.SIDE / 3, 30 + 6 + 10, 28
    # above the middle, where a number stands
    shown = [
        (left + (column + 0.5) * cell, top + (row + 0.2) * cell) for row in range(3) for column in range(3)
    ]
    shares = torch.tensor([1, 0, 0, 0, 1, 0, 0, 0.5, 0.5])
    expected = [tuple(colour) for colour in confusion_matrix.colours(shares).tolist()]
    assert colours_at(image, *shown) == expected


def test_confusion_matrix_has_names_and_leaves_out_the_numbers_of_many_classes(written):
    some = torch.arange(21)
    confusion_matrix.draw(some % 2, some % 2, 2, ["malignant", "benign"])
    assert written.count("malignant") == written.count("benign") == 2
    assert {"10", "11"} <= set(written)
    written.clear()
    confusion_matrix.draw(some, some, 21)
    assert "1" in written  # of the colours' scale
    assert written.count("20") == 0


def test_predicted_against_true_shows_each_value_and_the_median_residual(written):
    true, predicted = torch.tensor([[1.0], [2.0], [3.0], [3.5]]), torch.tensor([[1.0], [2.0], [3.0], [6.5]])
    image = predicted_against_true.draw(predicted, true)
    assert {"4 values", "median 0", "true", "predicted", "residuals"} <= set(written)
    dots = [image.getpixel((x, y)) for x in range(66, 335) for y in range(31, 286)]
    assert dots.count((0x79, 0xAD, 0xD2)) > 2 * 9  # points, some of them under the line


def test_reliability_has_the_error_of_its_bins(written):
    probabilities = torch.tensor([0.9, 0.9, 0.9, 0.9, 0.1, 0.1])
    came_true = torch.tensor([1, 1, 0, 0, 0, 0])
    # two bins: four at 0.9 of which half came true, two at 0.1 of which none did
    reliability.draw(probabilities, came_true)
    assert "expected calibration error 0.300" in written


def test_reliability_of_several_classes_takes_the_largest():
    probabilities = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    confidence, right = reliability.of_largest(probabilities, torch.tensor([0, 1]))
    assert confidence.tolist() == pytest.approx([0.7, 0.6])
    assert right.tolist() == [True, False]


def test_precision_recall_marks_the_decision(monkeypatch):
    marked = []
    monkeypatch.setattr(Axes, "points", lambda self, xs, ys, *style: marked.append((*xs, *ys)))
    precision_recall.draw(torch.tensor([-2.0, -1.0, 1.0, 2.0]), torch.tensor([0, 1, 0, 1]))
    assert marked == [(0.5, 0.5)]


@pytest.mark.parametrize("scores", [[-3.0, -2.0], [2.0, 3.0]])
@pytest.mark.parametrize("targets", [[0, 0], [1, 1], [0, 1]])
def test_precision_recall_at_the_edges(written, scores, targets):
    precision_recall.draw(torch.tensor(scores), torch.tensor(targets))
    assert ("decision at 0" in written) == (sum(targets) > 0)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_mask_overlays_colour_the_errors(channels):
    inputs = torch.rand(2, channels, 2, 2)
    true = torch.tensor([[[[1, 1], [0, 0]]]] * 2)
    predicted = torch.tensor([[[[1, 0], [1, 0]]]] * 2)
    picture = mask_overlays.draw(inputs, predicted, true)
    cell, between = mask_overlays.SIDE, mask_overlays.BETWEEN

    def at(column, row, pixel):
        left, top = (between + place * (cell + between) for place in (column, row))
        down, across = ((place + 0.5) * cell / 2 for place in pixel)
        return np.array(picture.getpixel((left + across, mask_overlays.HEADING + top + down)))

    for row in range(2):
        for pixel, colour in (
            ((0, 0), mask_overlays.FOUND),
            ((0, 1), mask_overlays.MISSED),
            ((1, 0), mask_overlays.INVENTED),
        ):
            expected = 0.35 * at(0, row, pixel) + 0.65 * 255 * np.array(colour)
            assert at(3, row, pixel) == pytest.approx(expected, abs=1)
        assert at(3, row, (1, 1)) == pytest.approx(0.35 * at(0, row, (1, 1)), abs=1)


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-7, 31, [0, 10, 20, 30]), (3, 3.02, 5)]
)
def test_ticks_are_few_and_round(low, high, expected):
    found = ticks(low, high)
    assert (len(found) if isinstance(expected, int) else found) == expected


@pytest.mark.parametrize("values", [[2.0, 2.0], [0.0, 0.0], [1e9, -1e9], [1e-12, 2e-12]])
def test_any_values_can_be_drawn(values):
    some = torch.tensor(values)
    assert (
        predicted_against_true.draw(some, some.flip(0)).size == predicted_against_true.draw(some, some).size
    )


def test_axes_place_points_by_their_scales():
    canvas = Canvas(120, 120)
    axes = Axes(canvas, (10, 10, 110, 110), (0, 1), (1, 100), labels=("", ""), log=True)
    axes.points([0.5], [10])
    assert colours_at(canvas.image, (60, 60), (60, 40)) == [(0x1F, 0x77, 0xB4), (255, 255, 255)]
    assert BLUE == "#1f77b4"
    assert axes.pixel(2, 1000) == (110, 10)


def test_pictures_of_a_kind_of_ones_own_may_be_figures(train, monkeypatch):
    from matplotlib.figure import Figure

    monkeypatch.setattr(
        Multiclass, "pictures", {"own": lambda kind, inputs, outputs, targets: Figure(figsize=(2, 1), dpi=50)}
    )
    _, folder = train("pictures=0", "diagnostics=off", "trainer.max_epochs=1")
    image = EventAccumulator(str(folder)).Reload().Images("own/test")[0]
    assert Image.open(io.BytesIO(image.encoded_image_string)).size == (100, 50)


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
