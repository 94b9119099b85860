r"""Tables in LaTeX, for comparisons and claims: booktabs, with everything escaped."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

# What LaTeX reads as a command, and letters that not every LaTeX font has.
_SIGNS = str.maketrans(
    {
        **{sign: rf"\{sign}" for sign in "&%$#_{}"},
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "±": r"$\pm$",
        "≥": r"$\geq$",
        "≤": r"$\leq$",
        "−": "$-$",
        "–": "--",
        "×": r"$\times$",
        "·": r"$\cdot$",
    }
)


def booktabs(table: pd.DataFrame, numeric: Sequence[bool], caption: str) -> str:
    r"""A `table` environment that needs `\usepackage{booktabs}`.

    pandas' to_latex would import jinja2 for it.

    Args:
        table: text, one row a line.
        numeric: for each column, whether it is aligned to the right.
    """
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{caption.translate(_SIGNS)}}}",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\toprule",
        _row(list(table.columns)),
        r"\midrule",
        *(_row(cells) for cells in table.itertuples(index=False)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
        "",
    ]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cell.translate(_SIGNS) for cell in cells) + r" \\"
