"""A comparison in the terminal: the answer in sentences, then a table that fits the width.

Names of arms come from the user's configs and are shown as they are, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from losslab.comparison.result import Comparison, TaskComparison
from losslab.report.comparison.answer import answer, details
from losslab.report.comparison.tables import Column, columns, protocol_line

MOST_SENTENCES = 10  # of a kind; the Markdown file has them all


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Prints what is mixed, missing or stale; each task's answer and table; the answer over all tasks."""

    def say(sentences: Sequence[str], style: str = "") -> None:
        for sentence in _at_most(sentences, MOST_SENTENCES):
            # wrapped between words for people; in a file or pipe a sentence is one line
            console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)

    say(comparison.problems, "yellow")
    for task in comparison.tasks:
        say(["", answer(task)], "bold")
        say(details(task))
        console.print()
        say([protocol_line(task)])
        say(_print_table(task, console))
        say([f"Note: {note}" for note in task.notes], "yellow")
    say(comparison.overall_sentences(), "bold")
    say(comparison.failures, "yellow")


def _print_table(task: TaskComparison, console: Console) -> list[str]:
    """Prints the columns that matter most, as many as fit; returns a sentence about those left out."""
    shown = columns(task)
    left_out: list[str] = []
    while len(shown) > 2 and _width(shown, console) > console.width:
        least = max(shown, key=lambda column: column.importance)
        shown.remove(least)
        left_out.insert(0, " ".join(least.heading.split()))
    console.print(_table(shown))
    return [f"Not shown at this width, but in comparison.md: {', '.join(left_out)}."] if left_out else []


def _width(shown: Sequence[Column], console: Console) -> int:
    return Measurement.get(console, console.options.update(max_width=10_000), _table(shown)).maximum


def _table(shown: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in shown:
        table.add_column(
            Text(column.heading, justify="right" if column.numeric else "left"),
            justify="right" if column.numeric else "left",
            overflow="fold",
            no_wrap=column.numeric,
        )
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _at_most(sentences: Sequence[str], most: int) -> list[str]:
    """The first sentences of every kind ("Failed: …"), and how many more there are."""
    kinds: dict[str, list[str]] = {}
    for sentence in sentences:
        kinds.setdefault(sentence.partition(":")[0], []).append(sentence)
    shown = []
    for kind, group in kinds.items():
        shown += group[:most]
        if len(group) > most:
            shown.append(f"{kind}: … and {len(group) - most:,} more, listed in the Markdown file")
    return shown
