"""The report on all claims of a folder: what `losslab-reproduce` ends with."""

from __future__ import annotations

from pathlib import Path

from losslab.claims.verdict import VERDICT_FILE, Verdict, load
from losslab.report.claims_html import write_html

REPORT = Path("report", "index.html")


def verdicts_in(folder: Path) -> list[Verdict]:
    """The verdicts of all claims in `folder`, by name."""
    return [load(path.parent) for path in sorted(folder.glob(f"*/{VERDICT_FILE}"))]


def write_report(folder: Path) -> Path:
    """Write the page of all verdicts in `folder`; returns its path."""
    path = folder / REPORT
    write_html(verdicts_in(folder), folder, path)
    return path
