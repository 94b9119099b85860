"""One claim's verdict to paste and compute with: CSV with all numbers, Markdown and LaTeX tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from losslab.claims.verdict import Verdict
from losslab.errors import UserError
from losslab.records import write_atomically
from losslab.report.claims import words
from losslab.report.latex import booktabs
from losslab.support import markdown

CSV_FILE, MARKDOWN_FILE, LATEX_FILE = "verdict.csv", "verdict.md", "verdict.tex"


def write_exports(verdict: Verdict, folder: Path) -> list[Path]:
    """Writes the three files into `folder`, beside verdict.json."""
    contents = {
        CSV_FILE: frame(verdict).to_csv(index=False),
        MARKDOWN_FILE: as_markdown(verdict),
        LATEX_FILE: as_latex(verdict),
    }
    try:
        for name, content in contents.items():
            write_atomically(folder / name, content)
    except OSError as error:
        raise UserError(f"the verdict cannot be saved in {folder}: {error.strerror or error}") from error
    return [folder / name for name in contents]


def frame(verdict: Verdict) -> pd.DataFrame:
    """One row per number that a prediction is about, in full."""
    return pd.DataFrame(
        [
            {
                "claim": verdict.claim,
                "verdict": verdict.outcome,
                "prediction": prediction.says,
                "role": prediction.role,
                "measured": prediction.measured,
                "predicted": prediction.margin,
                "row": row.label,
                **row.model_dump(include={"condition", "mean", "low", "high", "level", "n", "outcome"}),
            }
            for prediction in verdict.predictions
            for row in prediction.rows
        ]
    )


def as_markdown(verdict: Verdict) -> str:
    """The statement, its verdict, and the table."""
    table = _table(verdict)
    cells = [[markdown.escaped(cell) for cell in row] for row in table.to_numpy()]
    lines = [
        f"> {markdown.escaped(verdict.statement)}",
        f"**{markdown.escaped(words.outcome_text(verdict))}**",
        markdown.table(list(table.columns), cells, {3}),
        f"`{verdict.command}`",
    ]
    return "\n\n".join(line for line in lines if line) + "\n"


def as_latex(verdict: Verdict) -> str:
    r"""The table, with the statement and its verdict as the caption; needs `\usepackage{booktabs}`."""
    caption = f"{verdict.statement} Verdict: {words.outcome_text(verdict)}."
    return booktabs(_table(verdict), [False, False, False, True, False], caption)


def _table(verdict: Verdict) -> pd.DataFrame:
    """The frame as text, for readers."""
    rows = [
        [
            prediction.measured,
            words.row_name(row),
            prediction.margin,
            words.row_estimate(row, prediction.ratio),
            row.outcome,
        ]
        for prediction in verdict.predictions
        for row in prediction.rows
    ]
    return pd.DataFrame(rows, columns=["measured", "of", "predicted", "found", "outcome"])
