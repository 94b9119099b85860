"""An examination as a table for the terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from losslab.soundness.examine import Examination
from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK

_STYLES = {SOUND: "green", WEAK: "yellow", UNSOUND: "bold red", NOT_APPLICABLE: "dim"}


def table(examination: Examination) -> Table:
    """One row for each mark."""
    title = f"{escape(examination.target)} on {examination.kind} targets: {examination.verdict}"
    made = Table(title=title, title_justify="left")
    made.add_column("mark")
    made.add_column("verdict", no_wrap=True)
    made.add_column("measured", overflow="fold")
    for mark in examination.marks:
        style = _STYLES[mark.verdict]
        made.add_row(mark.name, f"[{style}]{mark.verdict}[/]", escape(mark.numbers))
    return made
