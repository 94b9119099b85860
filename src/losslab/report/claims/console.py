"""Verdicts in the terminal. Texts come from the user's files and are shown as they are, never as markup."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from losslab.claims.conditions import spoken
from losslab.claims.on_record import OnRecord
from losslab.claims.schema import CORE, PREMISE, SIDE
from losslab.claims.verdict import (
    BORDERLINE,
    CLOSE,
    CONFIRMED,
    DEPENDS,
    FAILS,
    HOLDS,
    NOT_TESTED,
    OPEN,
    REFUTED,
    TOO_CLOSE,
    UNDECIDED,
    PredictionOutcome,
    Verdict,
)
from losslab.report.claims import words

SYMBOLS = {
    HOLDS: "✓", CONFIRMED: "✓", FAILS: "✗", REFUTED: "✗", DEPENDS: "◐", CLOSE: "≈", TOO_CLOSE: "≈",
    BORDERLINE: "?", UNDECIDED: "?", OPEN: "?", NOT_TESTED: "–",
}  # fmt: skip
STYLES = {HOLDS: "green", CONFIRMED: "green", FAILS: "red", REFUTED: "red", DEPENDS: "yellow"}


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Prints the end of a claim: word, conditions, answer; then what decides, sides, and problems."""
    title = Text(verdict.claim, style="bold").append(": ").append(_outcome(verdict.outcome))
    title.append(f": {verdict.where}" if verdict.where else "")
    console.print(title.append(" (quick: embedded data, few seeds)" if verdict.quick else ""))
    _print(verdict.statement, console, style="italic")
    if verdict.tags:
        _print(f"Tags: {'; '.join(verdict.tags)}", console)
    if verdict.answer:
        _print(verdict.answer, console, style="bold")
    if len(verdict.conditions) > 1:
        _print_conditions(verdict, console)
    _print(verdict.summary, console)
    for prediction in words.of_role(verdict, PREMISE, CORE):
        _print_prediction(prediction, console)
    for share in verdict.collapsed:
        _print(words.collapsed_text(share), console, style="yellow")
    for prediction in words.of_role(verdict, SIDE):
        line = Text("Side: ", style="dim").append(_outcome(prediction.outcome))
        console.print(Padding(line.append(f"  {prediction.says}", style="default"), (0, 2), expand=False))
    for problem in verdict.problems:
        _print(f"! {problem}", console, style="yellow")


def print_on_record(full: OnRecord | None, console: Console) -> None:
    """What a quick run ends with: the full verdict, or that there is none."""
    if full is None:
        _print("There is no full verdict on record; without --quick, this command gives one.", console)
        return
    line = Text("Full verdict on record: ").append(_outcome(full.outcome))
    line.append(f": {full.where}" if full.where else "").append(f". {full.answer}" if full.answer else "")
    console.print(Padding(line, (0, 2), expand=False))


def print_verdicts(verdicts: Sequence[Verdict], console: Console) -> None:
    """One row per claim, grouped as in the report, and how many of each there are."""
    table = Table(title=Text(words.counts(verdicts)), title_justify="left")
    table.add_column("claim", overflow="fold")
    table.add_column("verdict", overflow="fold")
    table.add_column("answer, or the number that says most", overflow="fold")
    for some in words.grouped(verdicts).values():
        for verdict in some:
            outcome = _outcome(verdict.outcome).append(f": {verdict.where}" if verdict.where else "")
            table.add_row(Text(verdict.claim), outcome, Text(verdict.answer or words.headline(verdict)))
    console.print(table)


def _print(text: str, console: Console, style: str = "") -> None:
    console.print(Padding(Text(text, style=style), (0, 2), expand=False))


def _print_conditions(verdict: Verdict, console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for one in verdict.conditions:
        rests_on = words.basis(verdict, one.seeds)
        table.add_row(Text(spoken(one.condition)), _outcome(one.word), Text(rests_on, style="dim"))
    console.print(Padding(table, (0, 4)))


def _print_prediction(prediction: PredictionOutcome, console: Console) -> None:
    premise = "Premise: " if prediction.role == PREMISE else ""
    line = _outcome(prediction.outcome).append(f"  {premise}{prediction.says}", style="default")
    console.print(Padding(line, (1, 2, 0, 2), expand=False))
    details = f"{prediction.measured}; predicted: {prediction.margin}"
    console.print(Padding(Text(details, style="dim"), (0, 6), expand=False))
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
