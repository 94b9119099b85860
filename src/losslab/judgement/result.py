"""What `losslab.judge` returns: all decisions, as a frame, as tables to paste, and as sentences."""

from __future__ import annotations

import dataclasses

import pandas as pd

from losslab.judgement.over_conditions import OverConditions
from losslab.judgement.rows import Row
from losslab.judgement.sentences import difference_word, sentences, with_digits
from losslab.judgement.sequential import OPEN
from losslab.support import markdown


@dataclasses.dataclass(frozen=True)
class Judgement:
    """All rows of a judgement, with several views of them.

    Attributes:
        rows: one per arm and condition.
        overall: the arms over all conditions; None if there are fewer than two.
    """

    rows: tuple[Row, ...]
    overall: OverConditions | None = None

    @property
    def decided(self) -> bool:
        """Whether no row is open."""
        return all(row.decision != OPEN for row in self.rows)

    def frame(self) -> pd.DataFrame:
        """One row per arm and condition, all numbers in full."""
        plain = [
            {
                "arm": row.arm,
                "reference": row.reference,
                "condition": row.condition,
                "metric": row.metric,
                "mean": row.mean,
                "low": row.low,
                "high": row.high,
                "n": row.n,
                "margin": "" if row.margin is None else str(row.margin),
                "decision": row.decision,
                "seeds_needed": row.seeds_needed,
                "collapsed": len(row.collapsed),
                "reference_collapsed": len(row.reference_collapsed),
            }
            for row in self.rows
        ]
        return pd.DataFrame(plain).astype({"seeds_needed": "Int64"}) if plain else pd.DataFrame()

    def table(self) -> pd.DataFrame:
        """The frame as text for readers: numbers rounded by their interval, no empty columns."""
        shown = [
            {
                "arm": row.arm,
                "reference": row.reference,
                "condition": row.condition,
                f"{difference_word(row)} in {row.metric}": with_digits(row.mean, row) if row.n else "–",
                "interval": f"[{with_digits(row.low, row)}, {with_digits(row.high, row)}]"
                if row.n > 1
                else "–",
                "seeds": str(row.n),
                "decision": row.decision,
                "seeds needed": _needed(row),
            }
            for row in self.rows
        ]
        table = pd.DataFrame(shown)
        empty = [column for column in ("condition", "seeds needed") if not table[column].any()]
        return table.drop(columns=empty)

    def to_markdown(self) -> str:
        """The table in Markdown, with names escaped; after it, the sentences over all conditions."""
        table = self.table()
        cells = [[markdown.escaped(cell) for cell in row] for row in table.to_numpy()]
        heading = [markdown.escaped(name) for name in table.columns]
        numeric = {
            place
            for place, name in enumerate(table.columns)
            if name.startswith(("difference", "ratio", "seeds"))
        }
        lines = [markdown.table(heading, cells, numeric)]
        if self.overall:
            lines += ["", *(f"- {markdown.escaped(sentence)}" for sentence in self.overall.sentences())]
        return "\n".join(lines)

    def to_latex(self) -> str:
        r"""The table in LaTeX, with names escaped; needs `\usepackage{booktabs}`."""
        return self.table().to_latex(index=False, escape=True)

    def sentences(self) -> list[str]:
        """The results, one sentence per row, and what else a reader must know."""
        return [*sentences(self.rows), *(self.overall.sentences() if self.overall else [])]

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def _repr_markdown_(self) -> str:
        """What a notebook shows: the sentences, then the table."""
        return "\n\n".join([*map(markdown.escaped, sentences(self.rows)), self.to_markdown()])


def _needed(row: Row) -> str:
    if row.decision != OPEN or row.n < 2:
        return ""
    return "over 1000" if row.seeds_needed is None else str(row.seeds_needed)
