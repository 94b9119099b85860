"""Verdicts as Markdown and in the terminal, and the words that all reports share."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from fabricated_verdicts import HOSTILE, arm, metric, prediction, row, verdict
from losslab.claims.check_result import CheckResult, Table
from losslab.claims.on_record import OnRecord
from losslab.claims.verdict import ConditionVerdict
from losslab.report.claims import words
from losslab.report.claims.console import print_on_record, print_verdict, print_verdicts
from losslab.report.claims.markdown import index, page, verdict_table

CONDITIONS = (("mnist-sgd", "confirmed"), ("mnist-adam", "refuted"))


def printed(show, *what, width=100):
    out = io.StringIO()
    show(*what, Console(file=out, width=width))
    return out.getvalue()


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text):
    """Every table as a list of rows of cells."""
    found = re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE)
    return [[cells(line) for line in table.splitlines()] for table in found]


def test_every_part_is_in_markdown():
    text = page(verdict())
    for part in (
        "# mse_is_better",
        "> MSE is better than cross-entropy.",
        "an article, section 2",
        "**Refuted.** Use cross-entropy: MSE ends 0.02 lower.",
        "Core: 1 fails. Sides: 1 holds. Tags: right advice, wrong reason.",
        "Sides, which qualify the verdict",
        "At one learning rate",
        "1 run of mse failed",
        r"| test accuracy | mse − cross_entropy | −0.020 \[−0.030, −0.010\] | 5 |",
        "0.0021",
        "| mse | 0.930",
        "lr 0.01",
        "dead units",
        "Half precision ends at 65504.",
        "| 20 | ∞ |",
        "| seeds reported | 0, 1 |",
        "    losslab-reproduce mse_is_better",
        "4 min",
    ):
        assert part in text, part


def test_pipes_and_markup_do_not_break_tables():
    nasty = f"a|b {HOSTILE} *c* [d](e)\nf"
    table = Table(nasty, [nasty, "b"], [[nasty, 1]])
    some = verdict(
        nasty,
        statement=nasty,
        predictions=[prediction(nasty, measured=nasty, margin=nasty, rows=[row(nasty), row(nasty)])],
        arms=[
            arm(nasty, nasty, metrics={"accuracy": metric(0.5), nasty: metric(0.5)}, chosen={nasty: nasty})
        ],
        check=CheckResult({}, [table], [nasty]),
        protocol={nasty: nasty},
    )  # fmt: skip
    text = index([some]) + page(some)
    outside_code = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert HOSTILE not in outside_code
    assert len(tables(text)) == 6
    for table in tables(text):
        assert len({len(line) for line in table}) == 1


def test_the_index_links_to_every_page():
    text = index([verdict("mse_is_better"), verdict("other", outcome="confirmed")], "Some articles.")
    assert re.findall(r"\]\((claims/.*?)\)", text) == ["claims/other.md", "claims/mse_is_better.md"]
    assert "2 claims: 1 confirmed, 1 refuted" in text
    assert "Some articles." in text


def test_the_index_ends_with_what_each_claim_cost():
    both = [ConditionVerdict(condition=name, word="refuted", seeds=n) for name, n in (("a", 8), ("b", 27))]
    cheap = verdict("cheap", seconds=50, conditions=both, protocol={"runs": "6 to tune, 32 reported"})
    dear = verdict("dear", seconds=600, protocol={"runs": "0 to tune, 24 reported"})
    check = verdict("exact", seconds=2, arms=[])
    assert tables(index([cheap, check, dear]))[-1][2:] == [
        ["dear", "5", "1", "0 to tune, 24 reported", "10 min"],
        ["cheap", "8 to 27", "2", "6 to tune, 32 reported", "50 s"],
        ["1 without training", "", "", "", "2 s"],
    ]


def test_a_page_begins_with_answer_picture_and_command():
    text = page(verdict(), "../images/claims/mse_is_better.svg")
    parts = [
        "# mse_is_better",
        "> MSE is better",
        "**Refuted.** Use cross-entropy",
        "(../images/",
        "    losslab-rep",
    ]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert text.index("    losslab-rep") < text.index("## Predictions")


def test_the_table_alone_is_in_the_order_of_the_report():
    text = verdict_table([verdict("b"), verdict("a", outcome="confirmed"), verdict("c", outcome="undecided")])
    assert [line[0] for line in tables(text)[0][2:]] == ["a", "b", "c"]
    assert "(#" not in text
    assert verdict_table([]) == ""


def test_several_rows_are_parts_of_one_prediction():
    some = verdict(predictions=[prediction(rows=[row("a"), row("b", outcome="holds")])])
    lines = next(table for table in tables(page(some)) if "row" in table[0])[2:]
    assert [(line[0], line[2], line[-1]) for line in lines] == [
        ("MSE is better by one point.", "all of these:", "**fails**"),
        ("", "a", "fails"),
        ("", "b", "holds"),
    ]


@pytest.mark.parametrize(
    "some",
    [
        verdict(arms=[], protocol={}),
        verdict(check=None),
        verdict(predictions=[]),
        verdict(predictions=[prediction(rows=[])]),
        verdict(predictions=[prediction(rows=[row(mean=None, n=0)], p_value=1.0, outcome="open")]),
        verdict(arms=[arm(metrics={}, chosen={}, tuning=[], findings={}, primary="")]),
    ],
    ids=["no arms", "no check", "no predictions", "no rows", "no numbers", "no metrics"],
)
def test_what_may_be_missing_in_text(some):
    for text in (page(some), printed(print_verdict, some), printed(print_verdicts, [some])):
        assert "None" not in text
        assert "nan" not in text.split()
        assert some.claim in text


def test_terminal_shows_outcome_numbers_problems_and_never_markup():
    some = verdict(
        statement="[bold]not bold[/bold]",
        predictions=[prediction(outcome="open", rows=[row("[red]x[/red]")])],
    )
    text = printed(print_verdict, some, width=130)
    for part in (
        "mse_is_better: ✗ refuted",
        "[bold]not bold[/bold]",
        "? open  MSE is better by one point.",
        "[red]x[/red]  −0.020 [−0.030, −0.010]  n=5",
        "Use cross-entropy: MSE ends 0.02 lower.",
        "mse (sgd): 1 of 8 runs collapsed, 0.12 [0.00, 0.53]",
        "! 1 run of mse failed",
    ):
        assert part in text, part


def test_a_quick_run_ends_with_the_full_verdict_on_record():
    full = OnRecord(outcome="depends", where="with sgd, not with adam", answer="Take SGD.")
    assert "on record: ◐ depends: with sgd, not with adam. Take SGD." in printed(print_on_record, full)
    assert "no full verdict on record" in printed(print_on_record, None)


def test_sides_are_one_line_each_in_the_terminal():
    assert "Side: ✓ holds  MSE is calibrated better." in printed(print_verdict, verdict())


def test_conditions_are_listed_where_there_are_several():
    words_of = [ConditionVerdict(condition=name, word=word, seeds=12) for name, word in CONDITIONS]
    some = verdict(outcome="depends", where="with sgd, not with adam", conditions=words_of)
    text = printed(print_verdict, some)
    assert "mse_is_better: ◐ depends: with sgd, not with adam" in text
    assert "mnist, sgd   ✓ confirmed  12 seeds" in text
    assert "**Depends: with sgd, not with adam.** Use cross-entropy" in page(some)
    assert "| mnist, adam | refuted | 12 seeds |" in page(some)


def test_a_narrow_terminal_loses_no_number():
    text = printed(print_verdict, verdict(), width=40)
    assert "−0.030" in text
    assert "n=5" in text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.97030436, "0.9703"), (-0.5, "−0.5"), (12345.6, "12,346"), (0, "0"), (0.0, "0"), (1, "1"),
        (1e-7, "1e-7"), (-2.5e-9, "−2.5e-9"), (3992522.7, "3.993e6"), (None, "–"), (float("nan"), "–"),
        (float("inf"), "∞"), (float("-inf"), "−∞"), ("nan", "nan"), ("word", "word"), (True, "true"),
        (100, "100"), (1200.0, "1,200"),
    ],
)  # fmt: skip
def test_numbers(value, expected):
    assert words.number(value) == expected


@pytest.mark.parametrize(
    ("numbers", "ratio", "expected"),
    [
        ((0.01318, 0.00532, 0.02104), False, "0.0132 [0.0053, 0.0210]"),
        ((0.0131812, 0.0130532, 0.0133104), False, "0.01318 [0.01305, 0.01331]"),
        ((113.3, 37.4, 189.2), False, "113 [37, 189]"),
        ((1.27, 0.0271, 59.8), True, "1.27 [0.0271, 59.8]"),
        ((-3992440.0, -12110481.6, 4125601.7), False, "−3.99e6 [−1.21e7, 4.13e6]"),
        ((0.5, 0.5, 0.5), False, "0.5"),
        ((0.5, None, None), False, "0.5"),
        ((None, None, None), False, "–"),
        ((2e-6, 1e-6, 3e-6), False, "2e-6 [1e-6, 3e-6]"),
        ((1e-6, -0.02, 0.03), False, "0.000 [−0.020, 0.030]"),
    ],
)
def test_estimates(numbers, ratio, expected):
    assert words.estimate(*numbers, ratio=ratio) == expected


def test_the_headline_is_the_number_that_the_outcome_hangs_on():
    good, bad = row("good", mean=0.05, outcome="holds"), row("bad", mean=-0.05)
    some = verdict(
        outcome="depends",
        predictions=[
            prediction("first", outcome="holds", rows=[good]),
            prediction("second", rows=[good, bad]),
        ],
    )
    assert words.headline(some) == "test accuracy, bad: −0.050 [−0.060, −0.040]; predicted: at least 0.01"
    assert words.headline(verdict(predictions=[])) == words.DASH


def test_spoken_metrics_are_the_primary_and_those_of_predictions():
    steps = prediction(measured="optimiser steps until the primary validation metric first reaches 0.95")
    some = verdict(predictions=[steps])
    assert words.spoken_metrics(some, some.arms) == ["accuracy", "steps to 0.95"]
    assert words.other_metrics(some, some.arms) == ["macro_f1"]
    assert words.metric_cell(some.arms[0], "steps to 0.95") == "120.000 [119.990, 120.010] (1 never)"


def test_a_small_target_is_spoken_of_as_its_number_says():
    steps = prediction(measured="optimiser steps until the primary validation metric first reaches 1e-05")
    metrics = {"steps to 1e-05": metric(120.0, measured=steps.measured)}
    some = verdict(predictions=[steps], arms=[arm(metrics=metrics)])
    assert words.spoken_metrics(some, some.arms) == ["steps to 1e-05"]


def test_tuned_values_are_shown_as_a_config_says_them():
    chosen = {"model.hidden": (64, 32), "trainer.clip": None, "a.b": True, "activation": "relu"}
    assert words.chosen_text(arm(chosen=chosen)) == "hidden [64, 32], clip null, b true, activation relu"


def test_what_else_an_arm_says():
    broken = arm(diverged=1, failed=2, at_edge=["optimizer.lr"])
    assert words.ended(broken) == "2, 1 diverged, 2 failed"
    assert words.chosen_text(broken) == "lr 0.01 (edge of its grid)"
    assert words.p_text(0.00001) == "< 0.0001"
    assert words.p_text(0.034) == "0.034"


def test_papers_have_tables_of_their_own_in_markdown():
    paper = verdict("squentropy", part="papers", reported="Better | calibrated.", outcome="confirmed")
    text = index([paper, verdict()])
    articles, papers, beside, *_ = tables(text)
    assert [len(articles), len(papers), len(beside)] == [3, 3, 3]
    linked = "[squentropy](claims/squentropy.md)"
    assert beside[-1] == [linked, r"Better \| calibrated.", "**confirmed**"]
    assert text.index("**Articles") < text.index("**Papers")
    assert "The paper reports" not in page(verdict())
    assert "The paper reports" in page(paper)
