"""Markdown tables of what the benchmarks measured."""

from __future__ import annotations


def table(heading: list[str], rows: list[list[str]]) -> str:
    rule = [":---" if place < 1 else "---:" for place in range(len(heading))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heading, rule, *rows])
