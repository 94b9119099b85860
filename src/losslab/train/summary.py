"""What is printed about a run when it has ended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from losslab import records
from losslab.look import internal_errors

if TYPE_CHECKING:
    from rich.console import Console

    from losslab.records import Record


def print_run(out: Console, record: Record, folder: Path, brief: bool) -> None:
    """One line with the findings' names; unless `brief`, also their texts, the targets and the folder."""
    outcome = record.status if record.diverged_at is None else f"{record.status} at step {record.diverged_at}"
    test = record.primary("test")
    result = "" if test is None else f", test {record.metric} {test:.4f}"
    seconds = record.timing.get("total", 0.0)  # a killed run has none
    out.print(
        escape(f"{folder.name}: {outcome}{result} ({record.steps} steps, {seconds:.1f} s)"), highlight=False
    )
    if brief:
        if record.findings:
            names = ", ".join(finding["rule"].replace("_", " ") for finding in record.findings)
            out.print(f"  findings: {names}", highlight=False, markup=False)
        _print_internal_errors(out, record)
        return
    for finding in record.findings:
        sentence = f"  {finding['severity']}: {finding['text']}"
        out.print(escape(sentence), highlight=False, soft_wrap=True)
    _print_internal_errors(out, record)
    for target in record.targets:
        when = (
            "not reached"
            if target.step is None
            else f"step {target.step} ({target.seconds:.1f} s of training)"
        )
        out.print(f"  validation {record.metric} {target.value:g}: {when}", highlight=False)
    out.print(escape(f"  {folder / records.RECORD_FILE}"), highlight=False)
    out.print(escape(f"  losslab-tensorboard {folder}"), highlight=False)


def _print_internal_errors(out: Console, record: Record) -> None:
    for error in record.internal_errors:
        sentence = f"  internal error: {internal_errors.sentence(error)}"
        out.print(sentence, highlight=False, markup=False, soft_wrap=True)
