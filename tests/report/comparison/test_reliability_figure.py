"""Reliability diagrams of a comparison: what is pooled, what is drawn, and where the picture goes."""

import math

import pytest

from fabricated_records import fabricate, write_all
from losslab.comparison.comparison import compare
from losslab.report.comparison import RELIABILITY_FILE, write_comparison
from losslab.report.comparison.looks import looks_of
from losslab.report.comparison.reliability_figure import draw_reliability, pooled


def bins(counts, confidence, accuracy):
    return {"counts": counts, "confidence": confidence, "accuracy": accuracy}


FIRST = bins([0, 1, 3], [None, 0.4, 0.9], [None, 1.0, 1.0])
SECOND = bins([0, 0, 1], [None, None, 0.7], [None, None, 0.0])


def fabricated(tmp_path, **changes):
    """Two arms with two runs each; the runs of the second have no bins."""
    made = []
    for seed, (run, error) in enumerate([(FIRST, 0.2), (SECOND, 0.4)]):
        metrics = {"test": {"accuracy": 0.9, "expected_calibration_error": error}}
        made.append(fabricate("_mine", seed, reliability={"test": run}, metrics=metrics, **changes))
        made.append(fabricate("mse", seed, **changes))
    write_all(made, tmp_path)
    return compare([tmp_path])


def test_runs_are_pooled_as_one():
    together = pooled([FIRST, SECOND])
    assert together.counts.tolist() == [0, 1, 4]
    # three at 0.9 that were right and one at 0.7 that was not
    assert together.confidence[1:].tolist() == pytest.approx([0.4, 0.85])
    assert together.accuracy[1:].tolist() == pytest.approx([1.0, 0.75])
    assert math.isnan(together.confidence[0])
    assert pooled([]) is None


def test_an_arm_is_drawn_in_its_colour_with_the_mean_error(tmp_path):
    comparison = fabricated(tmp_path)
    looks = looks_of(comparison)
    figure = draw_reliability(comparison.tasks, looks)
    diagram = figure.axes[0]
    diagonal, line = diagram.lines
    assert line.get_label().strip("\u200b") == "_mine: 0.300"
    assert line.get_color() == looks["_mine"].colour
    assert line.get_xydata()[1:].tolist() == [pytest.approx([0.4, 1.0]), pytest.approx([0.85, 0.75])]
    assert diagonal.get_xydata().tolist() == [[0, 0], [1, 1]]
    assert (diagram.get_xlabel(), diagram.get_ylabel()) == ("confidence", "accuracy")


def test_yes_or_no_has_other_words(tmp_path):
    comparison = fabricated(tmp_path, config={"task": {"kind": "binary", "name": "digits"}})
    figure = draw_reliability(comparison.tasks, looks_of(comparison))
    assert figure.axes[0].get_xlabel() == "predicted probability"


def test_it_is_a_file_beside_the_comparison_and_in_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    written = write_comparison(fabricated(tmp_path / "runs"), tmp_path / "out")
    assert tmp_path / "out" / RELIABILITY_FILE in written
    assert f"({RELIABILITY_FILE})" in (tmp_path / "out" / "comparison.md").read_text()
    log = EventAccumulator(str(tmp_path / "out" / "comparison"))
    log.Reload()
    assert "reliability" in log.Tags()["images"]


def test_runs_without_bins_have_no_picture(tmp_path):
    write_all([fabricate(loss, 0) for loss in ("mse", "l1")], tmp_path)
    assert draw_reliability(compare([tmp_path]).tasks, {}) is None
