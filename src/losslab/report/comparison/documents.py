"""A comparison as text to paste: a Markdown document, and its tables in LaTeX."""

from __future__ import annotations

import pandas as pd

from losslab.comparison.result import Comparison
from losslab.report.comparison.answer import answer, details
from losslab.report.comparison.tables import EXPLANATION, Column, columns, protocol_line
from losslab.report.latex import booktabs
from losslab.support import markdown
from losslab.support.markdown import escaped


def as_markdown(
    comparison: Comparison,
    picture: str | None = None,
    ranks: str | None = None,
    reliability: str | None = None,
) -> str:
    """The comparison as a Markdown document.

    Args:
        picture, ranks, reliability: files beside it with the result and the curves, with the ranks over
            tasks, and with the reliability diagrams.
    """
    lines = ["# Comparison", ""]
    lines += [f"- {escaped(problem)}" for problem in comparison.problems] + [""] * bool(comparison.problems)
    for task in comparison.tasks:
        more = details(task)
        lines += [f"**{escaped(answer(task))}**", ""]
        lines += [f"- {escaped(sentence)}" for sentence in more] + [""] * bool(more)
        lines += [escaped(protocol_line(task)), "", _markdown_table(columns(task)), ""]
        lines += [f"- {escaped(note)}" for note in task.notes] + [""] * bool(task.notes)
    lines += _over_tasks(comparison, ranks)
    lines += [EXPLANATION, ""]
    if picture:
        lines += [f"![final metric, paired differences and validation curves of all arms]({picture})", ""]
    if reliability:
        lines += [f"![accuracy by confidence of all arms, on test data]({reliability})", ""]
    if comparison.failures:
        failures = (f"- {escaped(sentence)}" for sentence in comparison.failures)
        lines += ["## Not as planned", "", *failures, ""]
    return "\n".join(lines)


def as_latex(comparison: Comparison) -> str:
    r"""One table for each task, with its answer as the caption; needs `\usepackage{booktabs}`."""
    tables = []
    for task in comparison.tasks:
        shown = columns(task)
        frame = pd.DataFrame({_line(column.heading): column.cells for column in shown})
        numeric = [column.numeric for column in shown]
        tables.append(booktabs(frame, numeric, f"{answer(task)} ({protocol_line(task)})"))
    return "\n".join(tables)


def _over_tasks(comparison: Comparison, picture: str | None) -> list[str]:
    if comparison.overall is None:
        return []
    table = comparison.overall.frame().rename(columns=lambda name: name.replace("_", " "))
    rows = [
        [escaped(cell) if isinstance(cell, str) else f"{cell:.3g}" for cell in row]
        for row in table.itertuples(index=False)
    ]
    lines = ["## Over all tasks", ""]
    lines += [f"- **{escaped(sentence)}**" for sentence in comparison.overall_sentences()]
    lines += ["", markdown.table(list(table.columns), rows, range(1, len(table.columns))), ""]
    return [*lines, *([f"![mean ranks over all tasks]({picture})", ""] if picture else [])]


def _markdown_table(shown: list[Column]) -> str:
    rows = zip(*(column.cells for column in shown), strict=True)
    return markdown.table(
        [escaped(_line(column.heading)) for column in shown],
        [[escaped(cell) for cell in row] for row in rows],
        {place for place, column in enumerate(shown) if column.numeric},
    )


def _line(heading: str) -> str:
    return " ".join(heading.split())
