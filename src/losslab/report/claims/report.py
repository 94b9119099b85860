"""The report on all claims of a folder: what `losslab-reproduce` ends with."""

from __future__ import annotations

from pathlib import Path

from losslab.claims.verdict import VERDICT_FILE, Verdict, load
from losslab.report.claims.html import write_html

REPORT_FILE = Path("report") / "index.html"


def verdicts_in(folder: Path) -> list[Verdict]:
    """The verdicts of all claims in `folder`, by name."""
    return [load(path.parent) for path in sorted(folder.glob(f"*/{VERDICT_FILE}"))]


def write_report(folder: Path) -> Path | None:
    """Writes the HTML report on all claims in `folder`; None if there is no verdict yet."""
    verdicts = verdicts_in(folder)
    if not verdicts:
        return None
    path = folder / REPORT_FILE
    write_html(verdicts, folder, path)
    return path
