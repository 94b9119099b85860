"""Verdicts in the terminal. Texts come from the user's files and are shown as they are, never as markup."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from losslab.claims.verdict import (
    CONFIRMED,
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    MIXED,
    REFUTED,
    PredictionOutcome,
    Verdict,
)
from losslab.report.claims import words

SYMBOLS = {HOLDS: "✓", CONFIRMED: "✓", FAILS: "✗", REFUTED: "✗", MIXED: "◐", INCONCLUSIVE: "?"}
STYLES = {HOLDS: "green", CONFIRMED: "green", FAILS: "red", REFUTED: "red", MIXED: "yellow"}


def print_verdict(verdict: Verdict, console: Console, report: Path | None = None) -> None:
    """Prints the end of a claim: outcome, predictions with their numbers, problems, and the report's path."""
    title = Text(verdict.claim, style="bold").append(": ").append(_outcome(verdict.outcome))
    console.print(title.append(" (quick: embedded data, few seeds)" if verdict.quick else ""))
    console.print(Padding(Text(verdict.statement, style="italic"), (0, 2), expand=False))
    console.print(Padding(Text(verdict.summary), (0, 2), expand=False))
    for prediction in verdict.predictions:
        _print_prediction(prediction, console)
    for problem in verdict.problems:
        console.print(Padding(Text(f"! {problem}", style="yellow"), (0, 2), expand=False))
    if report is not None:
        console.print(Text(f"Report: {report}"), soft_wrap=True)


def print_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """One row per claim, grouped as in the report, and how many of each there are."""
    table = Table(title=Text(words.counts(verdicts)), title_justify="left")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("the number that says most", overflow="fold")
    for some in words.grouped(verdicts).values():
        for verdict in some:
            table.add_row(Text(verdict.claim), _outcome(verdict.outcome), Text(words.headline(verdict)))
    console.print(table)


def _print_prediction(prediction: PredictionOutcome, console: Console) -> None:
    line = _outcome(prediction.outcome).append(f"  {prediction.says}", style="default")
    console.print(Padding(line, (1, 2, 0, 2), expand=False))
    p_value = words.p_text(prediction.p_value)
    details = f"{prediction.measured}; predicted: {prediction.margin}; corrected p: {p_value}"
    needed = words.seeds_text(prediction)
    console.print(
        Padding(Text(f"{details}; {needed}" if needed else details, style="dim"), (0, 6), expand=False)
    )
    if not prediction.rows:
        return
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left"):
        table.add_column(justify=justify, overflow="fold")
    for row in prediction.rows:
        table.add_row(
            Text(words.row_name(row)),
            Text(words.row_estimate(row, prediction.ratio)),
            Text("exact" if row.exact else f"n={row.n}"),
            _outcome(row.outcome) if len(prediction.rows) > 1 else Text(""),
        )
    console.print(Padding(table, (0, 6)))
    for note in dict.fromkeys(note for row in prediction.rows for note in row.notes):
        console.print(Padding(Text(note, style="dim"), (0, 6), expand=False))


def _outcome(outcome: str) -> Text:
    return Text(f"{SYMBOLS.get(outcome, '·')} {outcome}", style=STYLES.get(outcome, "default"))
