"""Comparisons of fabricated records: arms, pairs, order, labels, and what is missing or broken."""

import io
import math

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from fabricated_records import fabricate, plan, write, write_all
from losslab import records
from losslab.comparison.comparison import compare
from losslab.errors import UserError
from losslab.judgement.rows import Margin
from losslab.records import DIVERGED, FAILED
from losslab.records.record import Environment
from losslab.report.comparison import summarise
from losslab.report.comparison.documents import as_markdown


def test_differences_are_paired_by_seed(tmp_path):
    values = {"cross_entropy": [0.95, 0.96, 0.94], "mse": [0.93, 0.95, 0.90]}
    write_all(
        [fabricate(loss, seed, v) for loss, vs in values.items() for seed, v in enumerate(vs)], tmp_path
    )
    (task,) = compare([tmp_path], reference="cross_entropy").tasks
    difference = task.arm("mse").difference
    expected = stats.ttest_rel(values["mse"], values["cross_entropy"]).confidence_interval(0.95)
    assert difference.n == 3
    assert (difference.mean, difference.low, difference.high) == pytest.approx((-0.07 / 3, *expected))
    assert task.arm("cross_entropy").difference is None
    assert [task.arm(loss).rank for loss in values] == [1, 1], "the interval includes zero"


def test_arms_come_in_the_order_of_the_sweep_and_the_first_is_the_reference(tmp_path):
    made = [fabricate(loss, seed) for loss in ("mse", "l1", "cross_entropy") for seed in (1, 0)]
    write_all(made, tmp_path)
    plan(made, tmp_path)
    (task,) = compare([tmp_path]).tasks
    assert task.arm_labels == ["mse", "l1", "cross_entropy"]
    assert task.reference == "mse"
    assert task.arms[0].outcomes.index.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("runs", "labels"),
    [
        ([{"loss": "mse"}, {"loss": "l1"}], ["mse", "l1"]),
        ([{"lr": 0.1}, {"lr": 0.01}], ["mse, optimizer.lr=0.1", "mse, optimizer.lr=0.01"]),
        ([{"loss": "mse", "lr": 0.1}, {"loss": "l1", "lr": 0.01}], ["mse", "l1"]),
        ([{"model": "mlp"}, {"model": "cnn"}], ["mlp", "cnn"]),
        ([{"loss": "mse"}], ["mse"]),
    ],
)
def test_labels_say_what_differs_and_no_more(tmp_path, runs, labels):
    made = [fabricate(**run) for run in runs]
    write_all(made, tmp_path)
    plan(made, tmp_path)
    assert compare([tmp_path]).tasks[0].arm_labels == labels


def test_unequal_seeds_are_paired_where_both_have_them(tmp_path):
    write_all([fabricate("mse", seed, 0.9) for seed in range(5)], tmp_path)
    write_all([fabricate("l1", seed, 0.8) for seed in (3, 4, 5)], tmp_path)
    (task,) = compare([tmp_path], reference="mse").tasks
    assert task.arm("l1").difference.n == 2
    assert task.arm("l1").estimate.n == 3


def test_a_single_seed_has_no_interval(tmp_path):
    write_all([fabricate("mse"), fabricate("l1", value=0.8)], tmp_path)
    (task,) = compare([tmp_path], reference="mse").tasks
    assert task.arm("l1").difference.mean == pytest.approx(-0.1)
    assert math.isnan(task.arm("l1").difference.low)
    assert "nan" not in as_markdown(compare([tmp_path]))


def test_diverged_and_failed_runs_are_counted_and_ranked(tmp_path):
    write_all([fabricate("steady", seed, 0.9) for seed in range(4)], tmp_path)
    write_all([fabricate("brittle", 0, 0.99)], tmp_path)
    write_all([fabricate("brittle", seed, status=DIVERGED, diverged_at=10) for seed in (1, 2)], tmp_path)
    write_all([fabricate("brittle", 3, status=FAILED, error={"type": "Oops", "message": "no"})], tmp_path)
    comparison = compare([tmp_path], reference="steady")
    (task,) = comparison.tasks
    brittle = task.arm("brittle")
    assert (brittle.count(DIVERGED), brittle.count(FAILED), brittle.estimate.n) == (2, 1, 3)
    assert brittle.outcomes.dropna().to_dict() == {0: 0.99, 1: 0.1, 2: 0.1}, "0.1: untrained, by the curves"
    assert brittle.difference.n == 3
    assert any("brittle: 2 of 4 runs diverged" in note for note in task.notes)
    assert (task.arm("steady").rank, brittle.rank) == (1, 1), "its interval includes zero"
    assert any("brittle, seed 1" in sentence and "step 10" in sentence for sentence in comparison.failures)
    assert any("Oops: no" in sentence for sentence in comparison.failures)


def test_lower_may_be_better(tmp_path):
    changes = {"metric": "mae", "higher_is_better": False}
    for loss, value in (("mse", 2.0), ("l1", 0.4)):
        made = [fabricate(loss, s, metrics={"test": {"mae": value + s / 100}}, **changes) for s in range(5)]
        write_all(made[:4] if loss == "mse" else made, tmp_path)
    (task,) = compare([tmp_path]).tasks
    assert (task.arm("l1").rank, task.arm("mse").rank) == (1, 2)
    assert "≤" in as_markdown(compare([tmp_path]))


def test_different_tasks_are_never_in_one_table(tmp_path):
    write_all([fabricate(task="digits"), fabricate(task="mnist")], tmp_path)
    assert len(compare([tmp_path]).tasks) == 2


def test_steps_to_target_count_runs_that_never_got_there(tmp_path):
    write_all([fabricate(seed=seed) for seed in range(3)], tmp_path)
    targets = compare([tmp_path]).tasks[0].arms[0].targets
    assert (targets[0.9].median, targets[0.9].reached) == (121, 3)
    assert (targets[0.99].median, targets[0.99].reached) == (None, 0)


def test_what_is_missing_stale_or_unreadable_is_said(tmp_path):
    made = [fabricate(seed=seed) for seed in range(3)]
    plan(made, tmp_path)
    write_all(made[:2], tmp_path)
    write(fabricate("l1"), tmp_path / "leftover")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "record.json").write_text("{")
    comparison = compare([tmp_path])
    text = "\n".join(comparison.problems)
    assert "Missing: mse,seed=2" in text
    assert "Stale" in text
    assert "leftover" in text
    assert "broken" in text
    assert comparison.tasks[0].arm_labels == ["mse"]
    assert comparison.tasks[0].arms[0].estimate.n == 2


def test_a_run_in_two_folders_counts_once(tmp_path):
    for name in ("one", "two"):
        write_all([fabricate(seed=0), fabricate(seed=1)], tmp_path / name)
    comparison = compare([tmp_path / "one", tmp_path / "two"])
    assert comparison.tasks[0].arms[0].estimate.n == 2
    assert sum(problem.startswith("Repeated") for problem in comparison.problems) == 2


def test_loss_values_are_never_compared(tmp_path):
    write_all([fabricate()], tmp_path)
    with pytest.raises(UserError, match="cannot be compared"):
        compare([tmp_path], metric="loss")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a|b", "[red]x[/red]", "*bold*", "`code`", "\x1b[31m"]
)
def test_names_of_arms_are_shown_as_they_are_and_never_read_as_markup(tmp_path, name):
    write_all([fabricate(name), fabricate("mse")], tmp_path)
    console = Console(record=True, width=200, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    summarise(tmp_path, console)
    printed = console.export_text()
    markdown = (tmp_path / "comparison.md").read_text()
    assert "<script>" not in markdown
    assert "\x1b" not in markdown + printed
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    if name.startswith("[red]"):
        assert "[red]x[/red]" in printed


def test_saved_files_have_all_numbers(tmp_path):
    rng = np.random.default_rng(0)
    for loss in ("cross_entropy", "mse"):
        for seed in range(5):
            record = fabricate(loss, seed, float(rng.normal(0.9, 0.01)))
            write(record, tmp_path / f"{loss}{seed}", np.linspace(0.1, 0.9, 10))
    comparison = summarise(tmp_path, Console(quiet=True))
    frame = comparison.frame()
    assert frame["arm"].tolist() == ["cross_entropy", "mse"]
    assert frame["mean"].notna().all()
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "comparison.csv").read_text().count("\n") == 3


def test_curves_that_are_missing_or_broken_do_not_stop_the_report(tmp_path):
    write(fabricate(seed=0), tmp_path / "none", None)
    write(fabricate(seed=1), tmp_path / "good")
    write(fabricate(seed=2), tmp_path / "bad")
    (tmp_path / "bad" / records.CURVES_FILE).write_text("step,seconds\n1")
    summarise(tmp_path, Console(quiet=True))
    assert (tmp_path / "comparison.png").exists()


def test_hundreds_of_records_are_one_comparison(tmp_path):  # thousands: tests/faults/test_many_runs.py
    made = [fabricate(f"loss{arm}", seed, 0.9) for arm in range(20) for seed in range(15)]
    write_all(made, tmp_path)
    comparison = summarise(tmp_path, Console(quiet=True))
    assert [arm.estimate.n for arm in comparison.tasks[0].arms] == [15] * 20


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("device", {"device": "cuda: H100"}),
        ("torch", {"packages": {"torch": "2.99.0"}}),
        ("losslab", {"losslab": "0.0.1"}),
        ("threads", {"threads": 8}),
        ("numpy", {"packages": {"torch": "2.11.0", "numpy": "3.0.0"}}),
    ],
)
def test_a_mixture_of_machines_or_versions_is_said_first(tmp_path, name, change):
    usual = {"device": "cpu: One", "packages": {"torch": "2.11.0", "numpy": "2.0.0"}, "threads": 1}
    usual["losslab"] = "0.1.0"
    write_all([fabricate("mse", seed, environment=Environment(**usual)) for seed in (0, 1)], tmp_path)
    assert compare([tmp_path]).problems == []
    other = Environment(**{**usual, **change})
    write_all([fabricate("l1", environment=other), fabricate("l1", 9, status=FAILED)], tmp_path)
    console = Console(record=True, width=200, file=io.StringIO())
    comparison = summarise(tmp_path, console)
    assert comparison.problems[0].startswith("Mixed: the runs on digits were not made alike: ")
    assert f"{name} " in comparison.problems[0]
    assert " (2 runs), " in comparison.problems[0]
    assert " (1 run)" in comparison.problems[0]
    assert name != "threads" or "threads 1 (2 runs), 8 (1 run)" in comparison.problems[0]
    assert console.export_text().startswith("Mixed: ")
    markdown = (tmp_path / "comparison.md").read_text().splitlines()
    assert [line for line in markdown if line][1].startswith("- Mixed: ")


def test_different_tasks_may_come_from_different_machines(tmp_path):
    for task, device in (("digits", "cpu: One"), ("mnist", "cuda: H100")):
        write_all([fabricate(task=task, environment=Environment(device=device))], tmp_path)
    assert compare([tmp_path]).problems == []


def judged_sweep(folder, seeds, **judging):
    """Two arms over some seeds, with a plan that says how they are judged."""
    spread = [0.0, 0.002, -0.002, 0.001, -0.001]
    made = [
        fabricate(loss, seed, mean + spread[seed] * (1 + (loss == "mse")))
        for loss, mean in (("cross_entropy", 0.95), ("mse", 0.93))
        for seed in range(seeds)
    ]
    write_all(made, folder)
    plan(made, folder, **judging)
    return folder


def row_of(*folders, **options):
    comparison = compare(list(folders), **options)
    (row,) = [arm.judged for arm in comparison.tasks[0].arms if arm.judged]
    return row, comparison.problems


def test_a_sweep_made_in_stages_is_reported_as_one(tmp_path):
    sweep = judged_sweep(tmp_path, 4, margin="0.01", stages=[4, 6])
    row, _ = row_of(sweep)
    assert str(row.margin) == "0.01"
    assert row.level < 0.05
    again, _ = row_of(sweep, margin=Margin(0.05))
    assert str(again.margin) == "0.05"
    assert again.level == row.level


def test_a_sweep_interrupted_within_a_stage_is_no_single_look(tmp_path):
    row, _ = row_of(judged_sweep(tmp_path, 5, margin="0.01", stages=[4, 6]))
    assert row.n == 5
    assert row.level < 0.05


def test_given_seeds_are_one_look_also_if_a_stage_has_as_many(tmp_path):
    row, _ = row_of(judged_sweep(tmp_path, 4, margin="0.01", stages=[]))
    assert str(row.margin) == "0.01"
    assert row.level == 0.05


def test_sweeps_that_are_judged_differently_are_said_to_be(tmp_path):
    first = judged_sweep(tmp_path / "a", 4, margin="0.01", stages=[4, 6])
    second = judged_sweep(tmp_path / "b", 4, margin="0.05", stages=[4, 6])
    row, problems = row_of(first, second)
    assert row.margin is None
    assert row.level < 0.05  # they share their stages
    assert any(problem.startswith("Mixed: these sweeps were made with different") for problem in problems)
