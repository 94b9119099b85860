r"""Tables in LaTeX, for comparisons and claims: booktabs, with everything escaped."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

# pandas escapes what LaTeX reads as a command; these are letters that not every LaTeX font has.
_SIGNS = {
    "±": r"$\pm$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "·": r"$\cdot$",
}


def booktabs(table: pd.DataFrame, numeric: Sequence[bool], caption: str) -> str:
    r"""A `table` environment that needs `\usepackage{booktabs}`.

    Args:
        table: text, one row a line.
        numeric: for each column, whether it is aligned to the right.
    """
    # the caption is escaped as a cell is, by pandas itself
    escaped_caption = _body(pd.DataFrame({"": [caption]}), "l").splitlines()[4].removesuffix(r"\\").strip()
    body = _body(table, "".join("r" if right else "l" for right in numeric))
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped_caption}}}",
        body.rstrip(),
        r"\end{table}",
        "",
    ]
    text = "\n".join(lines)
    for sign, command in _SIGNS.items():
        text = text.replace(sign, command)
    return text


def _body(table: pd.DataFrame, alignment: str) -> str:
    return table.to_latex(index=False, escape=True, column_format=alignment)
