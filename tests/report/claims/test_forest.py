"""Where numbers stand in a strip: inside it, in their order, and on the right side of the margin."""

from __future__ import annotations

import pytest

from fabricated_verdicts import prediction, row, verdict
from losslab.report.claims.forest import forest
from losslab.report.claims.forest_figure import forest_svg


def test_order_is_kept_and_the_predicted_side_is_marked():
    drawn = forest(prediction(rows=[row(mean=-0.02), row(mean=0.03)], low=0.01))
    assert drawn.shared
    lower, upper = drawn.strips
    assert 0 <= lower.low < lower.mean < lower.high <= 100
    assert lower.high < lower.margins[0] < upper.low
    assert lower.within_left == lower.margins[0]
    assert lower.within_right == 100
    assert lower.neutral is not None
    assert lower.low < lower.neutral < upper.low


def test_an_interval_between_two_margins():
    (strip,) = forest(prediction(rows=[row(mean=1.0)], low=0.9, high=1.2)).strips
    assert strip.within_left < strip.low < strip.high < strip.within_right


@pytest.mark.parametrize("ratio", [False, True])
def test_ticks_stand_where_their_numbers_are(ratio):
    (strip,) = forest(prediction(rows=[row(mean=2.0, low=1.5, high=3.0)], low=1.0, ratio=ratio)).strips
    places = {float(label): place for place, label in strip.ticks}
    assert len(places) >= 2
    assert list(places) == sorted(places)
    for number, place in places.items():
        if number == 2.0:
            assert place == pytest.approx(strip.mean)
        assert (place > strip.mean) == (number > 2.0) or number == 2.0


def test_a_ratio_and_its_inverse_are_equally_far():
    drawn = forest(
        prediction(rows=[row(mean=0.5, low=0.4, high=0.6), row(mean=2, low=1.7, high=2.5)], ratio=True, low=1)
    )
    half, double = drawn.strips
    assert half.neutral - half.mean == pytest.approx(double.mean - double.neutral)


def test_one_wild_interval_is_cut_off_and_says_so():
    drawn = forest(prediction(rows=[row(mean=0.02), row(mean=0.03, low=-9.0, high=9.0)]))
    tame, wild = drawn.strips
    assert wild.beyond_left
    assert wild.beyond_right
    assert (wild.low, wild.high) == (0.0, 100.0)
    assert not tame.beyond_left
    assert tame.high - tame.low > 5  # still to be seen


def test_rows_of_another_size_have_scales_of_their_own():
    drawn = forest(prediction(rows=[row(mean=0.02), row(mean=4e6, low=1e6, high=8e6)]))
    assert not drawn.shared
    assert drawn.strips[0].ticks != drawn.strips[1].ticks


def test_nothing_to_draw():
    assert forest(prediction(rows=[row(mean=None)])) is None
    assert forest(prediction(rows=[])) is None


def test_the_figure_shows_what_decides_and_is_the_same_at_every_call():
    core = prediction("MSE ends higher.", rows=[row("mse − l1"), row("x" * 200, 0.05, outcome="holds")])
    some = verdict(predictions=[core, prediction("MSE is calibrated.", role="side")])
    svg = forest_svg(some)
    assert svg == forest_svg(some)
    for text in (
        "MSE ends higher.",
        "mse − l1",
        "−0.020 [−0.030, −0.010]: fails",
        "0.050 [0.040, 0.060]: holds",
    ):
        assert text in svg
    assert "calibrated" not in svg


def test_there_is_no_figure_without_a_number():
    assert forest_svg(verdict(predictions=[prediction(rows=[row(mean=None)]), prediction(rows=[])])) == ""
