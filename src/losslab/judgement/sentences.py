"""A judgement in sentences: who is better, by how much, whether it matters, and what is still open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from losslab.judgement.evidence import share_interval
from losslab.judgement.rows import Row
from losslab.judgement.sequential import BETTER, EQUAL, OPEN, WORSE


def sentences(rows: Iterable[Row]) -> list[str]:
    """One sentence per row, followed by one about runs that collapsed or have no partner."""
    found: list[str] = []
    for row in rows:
        found.append(_main(row))
        found += _beside(row)
    return list(dict.fromkeys(found))


def _main(row: Row) -> str:
    arm, other, margin = row.arm, row.reference, row.margin
    place = f"{row.condition}: " if row.condition else ""
    seeds = f"after {row.n} seed{_s(row.n)}"
    if row.n == 0:
        return f"{place}{arm} and {other} have no seed in common: nothing to compare."
    if math.isnan(row.low):
        difference = f"{difference_word(row)} {_signed(row.mean, row)} in {row.metric}"
        return f"{place}{arm} against {other}: {difference} with one seed, which says nothing about others."
    interval = f"[{with_digits(row.low, row)}, {with_digits(row.high, row)}]"
    if row.decision in (BETTER, WORSE):
        by = f"by {_size(row)} {_interval_of_size(row)} in {row.metric}"
        matters = f", more than the margin of {margin}," if margin else ""
        return f"{place}{arm} is {row.decision} than {other} {by}{matters} {seeds}."
    measured = f"{difference_word(row)} {_signed(row.mean, row)} {interval} in {row.metric} {seeds}"
    if row.decision == EQUAL:
        return f"{place}{arm} and {other} are equal within the margin of {margin}: {measured}."
    assert row.decision == OPEN
    if row.low == row.high == (1.0 if _is_ratio(row) else 0.0):
        return f"{place}{arm} and {other} have the same {row.metric} with every seed, {seeds}."
    return f"{place}{_open(row)}: {measured}{_needed(row)}"


def _open(row: Row) -> str:
    neutral = 1.0 if _is_ratio(row) else 0.0
    if row.vetoed:
        return f"{row.arm} against {row.reference} is open, as too few single seeds agree"
    if row.margin and not row.low <= neutral <= row.high:
        word = BETTER if (row.mean > neutral) == row.higher_is_better else WORSE
        whether = f"whether by more than the margin of {row.margin} is open"
        return f"{row.arm} is {word} than {row.reference}, but {whether}"
    return f"{row.arm} against {row.reference} is open"


def _needed(row: Row) -> str:
    if row.seeds_needed is None:
        return "; more than 1000 seeds would be needed."
    more = row.seeds_needed - row.n
    return f"; about {more} more seed{_s(more)} would decide." if more > 0 else "."


def _beside(row: Row) -> list[str]:
    found = []
    side = "below" if row.higher_is_better else "above"
    runs = row.n + len({*row.collapsed, *row.reference_collapsed})
    for arm, seeds in ((row.arm, row.collapsed), (row.reference, row.reference_collapsed)):
        if seeds:
            found.append(
                f"{arm} collapsed with seed{_s(len(seeds))} {_listed(seeds)}: far {side} its other runs, and "
                f"left out of the difference ({_share(len(seeds), runs)})."
            )
    if row.missing:
        found.append(
            f"Left out of {row.arm} against {row.reference}, as one of the two has no value: "
            f"seed{_s(len(row.missing))} {_listed(row.missing)}."
        )
    return found


def _share(hits: int, runs: int) -> str:
    found = share_interval([1] * hits + [0] * (runs - hits))
    return f"{hits} of {runs} runs; the true share may be {found.low:.2f} to {found.high:.2f}"


def _is_ratio(row: Row) -> bool:
    return row.margin is not None and row.margin.ratio


def difference_word(row: Row) -> str:
    return "ratio" if _is_ratio(row) else "difference"


def _size(row: Row) -> str:
    """How much better or worse, without a sign, because the word gives the direction."""
    return f"a factor of {with_digits(row.mean, row)}" if _is_ratio(row) else with_digits(abs(row.mean), row)


def _interval_of_size(row: Row) -> str:
    if _is_ratio(row) or row.mean >= 0:
        return f"[{with_digits(row.low, row)}, {with_digits(row.high, row)}]"
    return f"[{with_digits(-row.high, row)}, {with_digits(-row.low, row)}]"


def _signed(value: float, row: Row) -> str:
    return (
        with_digits(value, row) if _is_ratio(row) else f"{'+' if value >= 0 else ''}{with_digits(value, row)}"
    )


def with_digits(value: float, row: Row) -> str:
    """As many decimals as two digits of the interval's half width need, for all numbers of a row."""
    half = (row.high - row.low) / 2
    if not math.isfinite(half) or half == 0:
        return f"{value:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    rounded = f"{value:.{min(decimals, 10)}f}"
    return rounded.removeprefix("-") if float(rounded) == 0 else rounded


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _listed(items: Sequence[object]) -> str:
    return ", ".join(map(str, items))
