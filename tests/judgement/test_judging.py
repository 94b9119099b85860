"""`losslab.judge` on frames: pairs, margins, conditions, sentences, and what is refused."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from losslab.errors import UserError
from losslab.judgement.judge import Margin, judge


def table(seeds=12, **arms):
    """A row a run; arms share what a seed does to both."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 0.02, seeds)
    return pd.DataFrame(
        [
            (arm, seed, mean + shared[seed] + rng.normal(0, 0.003))
            for arm, mean in arms.items()
            for seed in range(seeds)
        ],
        columns=["loss", "seed", "accuracy"],
    )


def only(judgement):
    (row,) = judgement.rows
    return row


def test_print_and_a_notebook_show_sentences():
    found = judge(table(ce=0.95, mse_1=0.92), arm="loss", metric="accuracy", margin=0.01)
    (sentence,) = found.sentences()
    assert str(found) == sentence
    shown = found._repr_markdown_()
    assert shown.startswith("mse_1 is worse than ce by 0.0")
    assert shown.count("| mse_1 |") == 1


def test_four_decisions_in_sentences():
    frame = table(ce=0.95, mse=0.92, brier=0.951, good=0.99, near=0.9585)
    found = judge(frame, arm="loss", metric="accuracy", margin=0.01)
    assert [row.decision for row in found.rows] == ["worse", "equal", "better", "open"]
    worse, equal, better, open_ = found.sentences()
    assert re.fullmatch(
        r"mse is worse than ce by 0\.0\d+ \[0\.0\d+, 0\.0\d+\] in accuracy, more than the margin of 0\.01, "
        r"after 12 seeds\.",
        worse,
    )
    assert equal.startswith("brier and ce are equal within the margin of 0.01: difference ")
    assert better.startswith("good is better than ce by 0.0")
    assert "near is better than ce, but whether by more than the margin of 0.01 is open" in open_
    assert not found.decided
    assert (
        judge(frame, arm="loss", metric="accuracy", margin=0.01, reference="near").rows[0].reference == "near"
    )


def test_smaller_is_better_and_ratios():
    frame = table(mse=0.30, l1=0.20)
    row = only(judge(frame, arm="loss", metric="accuracy", margin="5%", lower_is_better=True))
    assert row.decision == "better"
    assert row.low < 0.66 < row.high or row.mean == pytest.approx(0.66, abs=0.04)
    ratios = frame[frame.loss == "l1"].accuracy.to_numpy() / frame[frame.loss == "mse"].accuracy.to_numpy()
    assert row.mean == pytest.approx(math.exp(np.log(ratios).mean()))
    assert row.low < row.mean < row.high
    absolute = only(judge(frame, arm="loss", metric="accuracy", margin=0.01, lower_is_better=True))
    assert absolute.decision == "better"
    assert absolute.mean < 0  # arm minus reference, in the metric's unit


def test_pairs_are_seeds_that_both_have():
    frame = table(ce=0.95, mse=0.92)
    frame = frame[~((frame.loss == "mse") & (frame.seed == 3))]
    frame.loc[(frame.loss == "ce") & (frame.seed == 5), "accuracy"] = math.nan
    found = judge(frame, arm="loss", metric="accuracy")
    assert only(found).n == 10
    assert set(only(found).missing) == {3, 5}
    assert "seeds 3, 5" in found.sentences()[1]


def test_a_collapsed_run_is_said_and_left_out():
    frame = table(ce=0.95, mse=0.95)
    frame.loc[(frame.loss == "mse") & (frame.seed == 4), "accuracy"] = 0.1
    found = judge(frame, arm="loss", metric="accuracy", margin=0.01)
    assert only(found).collapsed == (4,)
    assert only(found).n == 11
    assert "mse collapsed with seed 4: far below its other runs" in found.sentences()[1]
    assert "(1 of 12 runs; the true share may be 0.00 to 0.38)" in found.sentences()[1]
    assert found.frame()["collapsed"].tolist() == [1]


def test_conditions_are_judged_apart():
    frame = pd.concat(
        [table(ce=0.95, mse=0.92).assign(data="mnist"), table(ce=0.9, mse=0.9).assign(data="digits")]
    )
    found = judge(frame, arm="loss", metric="accuracy", margin=0.01, condition="data")
    assert [(row.condition, row.decision) for row in found.rows] == [("mnist", "worse"), ("digits", "equal")]
    assert found.sentences()[0].startswith("mnist: mse is worse")


def test_looks_in_stages_are_stricter():
    frame = table(seeds=8, ce=0.95, mse=0.937)
    once = only(judge(frame, arm="loss", metric="accuracy", margin=0.01))
    staged = only(judge(frame, arm="loss", metric="accuracy", margin=0.01, stages=(8, 12, 18)))
    assert staged.high - staged.low > 1.2 * (once.high - once.low)


def test_one_seed_says_nothing():
    found = judge(table(seeds=1, ce=0.95, mse=0.92), arm="loss", metric="accuracy")
    assert only(found).decision == "open"
    assert "with one seed, which says nothing about others" in found.sentences()[0]


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda f: f.drop(columns="seed"), {}, "there is no column seed; the columns are: loss, accuracy"),
        (lambda f: pd.concat([f, f[:1]]), {}, "loss ce, seed 0 occurs more than once: keep one row per run"),
        (lambda f: f.assign(accuracy="high"), {}, "column accuracy holds 'high', which is not a number"),
        (lambda f: f, {"reference": "hinge"}, "there is no arm hinge to compare with; the arms are: ce, mse"),
        (lambda f: f, {"margin": -1}, "margin=-1 is wrong"),
        (lambda f: f, {"margin": math.nan}, "margin=nan is wrong"),
        (lambda f: f, {"margin": "much"}, "margin=much is wrong: give a number above 0, or a ratio like 5%"),
        (lambda f: f.assign(accuracy=-1.0), {"margin": "5%"}, "is a ratio and needs values above 0"),
        (lambda f: f[:0], {}, "the table has no rows"),
        (lambda f: f.assign(seed=[math.nan, *f.seed[1:]]), {}, "column seed has an empty cell in row 1"),
    ],
)
def test_wrong_input_is_one_sentence(change, options, sentence):
    with pytest.raises(UserError) as error:
        judge(change(table(ce=0.95, mse=0.92)), **{"arm": "loss", "metric": "accuracy", **options})
    assert sentence in str(error.value)


def test_margins_are_read_and_shown():
    assert Margin.parse("5%") == Margin(0.05, ratio=True)
    assert str(Margin.parse("5%")) == "5%"
    assert Margin.parse("0.01") == Margin(0.01)
    assert Margin.parse(None) is None
    assert Margin(0.05, ratio=True).on_scale == pytest.approx(math.log(1.05))


def test_arms_with_the_same_numbers_are_said_to_have_them():
    frame = table(ce=0.95)
    frame = pd.concat([frame, frame.assign(loss="nll")])
    (sentence,) = judge(frame, arm="loss", metric="accuracy").sentences()
    assert sentence == "nll and ce have the same accuracy with every seed, after 12 seeds."
