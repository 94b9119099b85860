"""Markdown that shows text as it is: escaping, and tables.

pandas' to_markdown (by tabulate) escapes nothing and takes words such as 1e5 for numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence


def escaped(text: str) -> str:
    """`text` so that Markdown, tables and HTML show it as it is."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*|\[\]$~!])", r"\\\1", text)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)  # cross_entropy needs no escape


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], numeric: Collection[int] = ()) -> str:
    """A table of cells that are escaped already; empty text without rows.

    Args:
        numeric: places of the columns that are aligned to the right.
    """
    if not rows:
        return ""
    rule = ["---:" if place in numeric else ":---" for place in range(len(heading))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heading, rule, *rows))
