"""A sweep over several tasks ends with one answer, whatever the tasks' metrics."""

import io

import pytest
from rich.console import Console

from fabricated_records import fabricate, write_all
from losslab.comparison.comparison import compare
from losslab.judgement.rows import Margin
from losslab.report.comparison import print_comparison, write_comparison

ACCURACIES = {"digits": {"ce": 0.95, "mse": 0.92, "l1": 0.80}, "mnist": {"ce": 0.98, "mse": 0.978, "l1": 0.5}}
ERRORS = {"ce": 3.0, "mse": 2.0, "l1": 2.5}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    """Two tasks where more is better, and one where less is."""
    made = [
        fabricate(loss, seed, value + 0.001 * seed, task=task)
        for task, arms in ACCURACIES.items()
        for loss, value in arms.items()
        for seed in range(8)
    ]
    made += [
        fabricate(
            loss,
            seed,
            task="diabetes",
            metric="mae",
            higher_is_better=False,
            metrics={"test": {"mae": value + 0.01 * seed}},
        )
        for loss, value in ERRORS.items()
        for seed in range(8)
    ]
    folder = tmp_path_factory.mktemp("sweep")
    write_all(made, folder)
    return folder


def test_ranks_and_wins_follow_each_tasks_direction(sweep):
    overall = compare([sweep], reference="ce", margin=Margin(0.01)).overall
    assert overall.mean_ranks == pytest.approx({"ce": 5 / 3, "mse": 5 / 3, "l1": 8 / 3})
    assert overall.won == {"ce": 2, "mse": 2, "l1": 0}
    assert dict(overall.decisions["mse"]) == {"worse": 1, "equal": 1, "better": 1}


def test_it_is_told_in_the_terminal_in_markdown_and_as_a_picture(sweep, tmp_path):
    comparison = compare([sweep], reference="ce", margin=Margin(0.01))
    terminal = Console(file=io.StringIO(), width=160)
    print_comparison(comparison, terminal)
    assert "Over 3 tasks, mean ranks (1 is best): " in terminal.file.getvalue()
    assert "l1 beside ce, of 3 tasks: better on 1, worse on 2." in terminal.file.getvalue()
    written = write_comparison(comparison, tmp_path)
    assert (tmp_path / "comparison_ranks.png") in written
    text = (tmp_path / "comparison.md").read_text()
    assert "## Over all tasks" in text
    assert "| mse | 1.67 | 2 | 0.667 | 1 | 1 | 1 | 0 |" in text
    assert "(comparison_ranks.png)" in text


def test_one_task_has_no_answer_over_tasks(sweep, tmp_path):
    write_all([fabricate(loss, 0) for loss in ("ce", "mse")], tmp_path)
    comparison = compare([tmp_path])
    assert comparison.overall is None
    assert comparison.overall_sentences() == []
