"""A verdict as CSV, Markdown and LaTeX: all numbers, and names as they are."""

import pandas as pd

from fabricated_verdicts import HOSTILE, prediction, row, verdict
from losslab.report.claims.exports import write_exports


def test_the_three_files_have_every_row(tmp_path):
    rows = [row("a_b − c", -0.02), row(HOSTILE, None)]
    made = verdict(predictions=[prediction(rows=rows, margin="at least 5%")])
    csv, markdown, latex = write_exports(made, tmp_path)
    numbers = pd.read_csv(csv)
    assert numbers["mean"].iloc[0] == -0.02
    assert numbers["row"].tolist() == ["a_b − c", HOSTILE]
    assert "<script" not in markdown.read_text()
    assert markdown.read_text().count("\n| ") == 4
    text = latex.read_text()
    assert text.isascii()
    assert r"a\_b $-$ c & at least 5\% & $-$0.020 [" in text
    assert text.count(r"\\") == 3
