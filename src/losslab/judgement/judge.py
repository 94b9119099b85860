"""Which arm is better than the reference, by how much, and whether it matters: `losslab.judge`, on any frame.

One row per arm and condition. The arithmetic of a single comparison is in `sequential.py`, its sentences are
in `sentences.py`. This file does not know where a frame comes from (records, a CSV file, other training
code).
"""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from losslab.errors import UserError
from losslab.judgement.collapse import collapsed
from losslab.judgement.over_conditions import over_conditions
from losslab.judgement.result import Judgement
from losslab.judgement.rows import Margin, Row
from losslab.judgement.sequential import (
    ALPHA,
    OPEN,
    STAGES,
    Decision,
    Stages,
    decide,
    seeds_needed,
    simultaneous_level,
)


def judge(
    frame: pd.DataFrame,
    *,
    arm: str = "arm",
    seed: str = "seed",
    metric: str,
    reference: str | None = None,
    margin: float | str | Margin | None = None,
    lower_is_better: bool = False,
    condition: str | None = None,
    stages: Stages | Sequence[int] | None = None,
    resolution: float = 0.0,
) -> Judgement:
    """Compare every arm with the reference over the seeds that both have.

    Args:
        frame: one row per run.
        arm, seed, metric, condition: names of its columns. Pairs are runs with the same seed and condition (a
            data set, a depth); with several conditions, the arms are also ranked over all of them. A run
            without a value is NaN in `metric`.
        reference: the arm that the others are compared with; by default the first in the frame.
        margin: the smallest difference that matters: a number in the metric's unit, or a ratio like "5%";
            None: any difference counts, and nothing is equal.
        lower_is_better: for errors, losses and seconds.
        stages: numbers of seeds at which results are judged while seeds are added, e.g. (8, 12, 18, 27, 40);
            None: they are judged once.
        resolution: step of the scale on which the metric was measured, e.g. the evaluation interval of a
            number of steps.

    Several arms share the 5 % of wrong decisions: with a single look their intervals are simultaneous
    (Dunnett), with several looks they divide it evenly (Bonferroni).

    Raises UserError if a column is missing or holds text instead of numbers, if a run occurs twice, or if
    there are fewer than two arms.
    """
    bound = Margin.parse(margin)
    plan = _plan(stages)
    conditions = _tables(frame, arm, seed, metric, condition)
    chosen = reference if reference is not None else frame[arm].iloc[0]
    rows: list[Row] = []
    for name, (table, was_run) in conditions.items():
        if chosen not in table.columns:
            known = ", ".join(map(str, table.columns))
            where = f" under {name}" if name else ""
            raise UserError(f"there is no arm {chosen}{where} to compare with; the arms are: {known}")
        pairs = {
            other: _Pairs.of(table[other], table[chosen], bound, lower_is_better, was_run if plan else None)
            for other in table.columns
            if other != chosen
        }
        levels = _levels(pairs, plan)
        for other, paired in pairs.items():
            decision = decide(
                paired.differences, None if bound is None else bound.on_scale, levels[other], resolution
            )
            needed = None
            if decision.decision == OPEN:
                later = plan.shared_by(len(pairs)) if plan else Stages((max(2, decision.n),), levels[other])
                needed = seeds_needed(
                    paired.differences, None if bound is None else bound.on_scale, later, resolution
                )
            rows.append(_row(other, chosen, name, metric, decision, needed, paired, bound, lower_is_better))
    values = {name: table for name, (table, _) in conditions.items()}
    direction = dict.fromkeys(values, not lower_is_better)
    return Judgement(tuple(rows), over_conditions(values, direction, rows, bound))


def _plan(stages: Stages | Sequence[int] | None) -> Stages | None:
    if stages is None or isinstance(stages, Stages):
        return stages
    try:
        return Stages(tuple(stages))
    except ValueError as error:
        raise UserError(str(error)) from None


@dataclasses.dataclass(frozen=True)
class _Pairs:
    """Differences on the scale of the test, positive where the arm is better."""

    differences: np.ndarray
    collapsed: tuple[int | str, ...]
    reference_collapsed: tuple[int | str, ...]
    missing: tuple[int | str, ...]

    @classmethod
    def of(
        cls,
        values: pd.Series,
        reference: pd.Series,
        margin: Margin | None,
        lower_is_better: bool,
        was_run: pd.DataFrame | None,
    ) -> _Pairs:
        """Args: was_run: which runs exist; in a sweep in stages a decided arm gets no more."""
        ratio = margin is not None and margin.ratio
        if ratio:
            for series in (values, reference):
                if (series <= 0).any():
                    raise UserError(
                        f"a margin of {margin} is a ratio and needs values above 0, but {series.name} has "
                        f"{series.min():g}: give the margin in the metric's unit"
                    )
            values, reference = np.log(values), np.log(reference)
        size = None if margin is None else margin.on_scale
        lost = collapsed(values, not lower_is_better, size)
        reference_lost = collapsed(reference, not lower_is_better, size)
        there = values.notna().to_numpy(), reference.notna().to_numpy()
        differences = (values - reference).to_numpy(dtype=float)
        counts = there[0] & there[1] & ~lost & ~reference_lost
        sign = -1.0 if lower_is_better else 1.0
        missing = there[0] ^ there[1]
        if was_run is not None:
            missing &= was_run[[values.name, reference.name]].all(axis=1).to_numpy()
        return cls(
            sign * differences[counts],
            tuple(values.index[lost]),
            tuple(reference.index[reference_lost]),
            tuple(values.index[missing]),
        )


def _levels(pairs: dict[str, _Pairs], plan: Stages | None) -> dict[str, float]:
    if plan is None:
        level = (
            simultaneous_level([paired.differences for paired in pairs.values()], ALPHA) if pairs else ALPHA
        )
        return dict.fromkeys(pairs, level)
    shared = plan.shared_by(len(pairs))
    # a collapsed seed counts as judged, too
    return {
        name: shared.level(len(paired.differences) + len({*paired.collapsed, *paired.reference_collapsed}))
        for name, paired in pairs.items()
    }


def _row(
    arm: str,
    reference: str,
    condition: str,
    metric: str,
    decision: Decision,
    needed: int | None,
    paired: _Pairs,
    margin: Margin | None,
    lower_is_better: bool,
) -> Row:
    mean, low, high = decision.mean, decision.low, decision.high
    if lower_is_better:
        mean, low, high = -mean, -high, -low
    if margin is not None and margin.ratio:
        mean, low, high = math.exp(mean), math.exp(low), math.exp(high)
    return Row(
        arm=str(arm),
        reference=str(reference),
        condition=condition,
        metric=metric,
        mean=mean,
        low=low,
        high=high,
        n=decision.n,
        decision=decision.decision,
        margin=margin,
        higher_is_better=not lower_is_better,
        seeds_needed=needed,
        collapsed=paired.collapsed,
        reference_collapsed=paired.reference_collapsed,
        missing=paired.missing,
        level=decision.level,
        vetoed=decision.vetoed,
    )


def _tables(
    frame: pd.DataFrame, arm: str, seed: str, metric: str, condition: str | None
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Condition -> values, one row per seed, one column per arm in order; and which runs exist."""
    wanted = [arm, seed, metric, *([] if condition is None else [condition])]
    for column in wanted:
        if column not in frame.columns:
            known = list(map(str, frame.columns))
            near = difflib.get_close_matches(column, known, n=1)
            mean = f"did you mean {near[0]}? " if near else ""
            raise UserError(f"there is no column {column}; {mean}the columns are: {', '.join(known)}")
    if repeated := sorted({column for column in wanted if wanted.count(column) > 1}):
        raise UserError(
            f"column {repeated[0]} is named twice: arm, seed, metric and condition are four columns"
        )
    try:
        values = pd.to_numeric(frame[metric])
    except (TypeError, ValueError):
        wrong = next(value for value in frame[metric] if not _is_number(value))
        raise UserError(f"column {metric} holds {wrong!r}, which is not a number") from None
    data = frame[wanted].assign(**{metric: values.astype(float)})
    data.loc[~np.isfinite(data[metric]), metric] = math.nan
    if data.empty:
        raise UserError("the table has no rows")
    for column in wanted:
        if column != metric and data[column].isna().any():
            raise UserError(
                f"column {column} has an empty cell in row {int(data[column].isna().argmax()) + 1}"
            )
    keys = [arm, seed, *([] if condition is None else [condition])]
    if data.duplicated(keys).any():
        first = data[data.duplicated(keys)].iloc[0]
        named = ", ".join(f"{key} {first[key]}" for key in keys)
        apart = (column for column in frame.columns if not frame.duplicated([*keys, column]).any())
        other = next((column for column in apart if column not in wanted), None)
        advice = "" if other is None else f", or give {other} as the condition if it tells them apart"
        raise UserError(f"{named} occurs more than once: keep one row per run{advice}")
    if len(arms := list(dict.fromkeys(data[arm]))) < 2:
        raise UserError(f"column {arm} holds only one arm, {arms[0]}: there is nothing to compare")
    groups = {"": data} if condition is None else dict(list(data.groupby(condition, sort=False)))
    tables = {}
    for name, group in groups.items():
        table = group.set_index([seed, arm])[metric].unstack()  # noqa: PD010  (keeps NaN, averages nothing)
        was_run = pd.crosstab(group[seed], group[arm]).astype(bool)
        order = list(dict.fromkeys(group[arm]))
        tables[str(name)] = table[order], was_run[order]
    return tables


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


__all__ = ["STAGES", "Judgement", "Margin", "Row", "Stages", "judge"]
