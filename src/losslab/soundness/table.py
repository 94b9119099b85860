"""An examination as a table for the terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from losslab.soundness.examine import Examination
from losslab.soundness.marks import NOT_APPLICABLE, SOUND, UNSOUND, WEAK

_STYLES = {SOUND: "green", WEAK: "yellow", UNSOUND: "bold red", NOT_APPLICABLE: "dim"}


def table(examination: Examination) -> Table:
    """A line a check."""
    title = f"{escape(examination.target)} on {examination.kind} targets: {examination.verdict}"
    made = Table(title=title, title_justify="left")
    made.add_column("check")
    made.add_column("verdict", no_wrap=True)
    made.add_column("measured", overflow="fold")
    for finding in examination.findings:
        style = _STYLES[finding.verdict]
        made.add_row(finding.check, f"[{style}]{finding.verdict}[/]", escape(finding.numbers))
    return made
