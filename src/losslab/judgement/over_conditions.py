"""One answer over several data sets: mean ranks of the arms, and whether they differ.

Each data set counts once, whatever its metric. How the arms compare within a data set is in `judge.py`; the
picture of the ranks is in `report/rank_figure.py`.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from losslab.judgement.rows import Margin, Row
from losslab.judgement.sequential import ALPHA, BETTER, EQUAL, OPEN, WORSE

FEWEST_FOR_WILCOXON = 6  # with five data sets the smallest possible p-value is 0.0625


@dataclasses.dataclass(frozen=True)
class OverConditions:
    """The arms over all conditions (data sets, tasks).

    Attributes:
        conditions: where all arms have a value for the same seed; the others are in `left_out`.
        mean_ranks: arm -> mean over the conditions of its rank, 1 the best; equal medians share a rank.
        won: arm -> conditions where no other arm's median is better by more than the margin.
        test: "Wilcoxon" for two arms, "Friedman" for more.
        p_value: of that test, two-sided; that all arms are equally good.
        p_values: arms × arms, of each pair: Nemenyi's test, or Wilcoxon's for two arms.
        critical_difference: ranks that differ by less are not told apart (Nemenyi); NaN for two arms.
        decisions: arm -> how often it is better, worse, equal, open beside the reference.
    """

    conditions: tuple[str, ...]
    left_out: tuple[str, ...]
    mean_ranks: dict[str, float]
    won: dict[str, int]
    margin: Margin | None
    test: str
    p_value: float
    p_values: pd.DataFrame
    critical_difference: float
    reference: str
    decisions: dict[str, Counter[str]]

    @property
    def pair_test(self) -> str:
        """Whose test `p_values` are of."""
        return "Wilcoxon's test" if self.test == "Wilcoxon" else "Nemenyi's test"

    def frame(self) -> pd.DataFrame:
        """One row per arm, the best mean rank first."""
        rows = [
            {
                "arm": arm,
                "mean_rank": rank,
                "won": self.won[arm],
                "share_won": self.won[arm] / len(self.conditions),
                **{word: self.decisions[arm][word] for word in (BETTER, EQUAL, WORSE, OPEN)},
            }
            for arm, rank in self.mean_ranks.items()
        ]
        return pd.DataFrame(rows).sort_values("mean_rank", kind="stable", ignore_index=True)

    def sentences(self, noun: str = "data set") -> list[str]:
        """The answer in words; `noun` is what a condition is called."""
        count = len(self.conditions)
        table = self.frame()
        ranks = ", ".join(
            f"{arm} {rank:.3g}" for arm, rank in zip(table["arm"], table["mean_rank"], strict=True)
        )
        test = f"{self.test}'s test: p = {self.p_value:.2g}{self._told_apart(noun)}"
        found = [f"Over {count} {noun}s, mean ranks (1 is best): {ranks}; {test}."]
        within = f"the best, or within {self.margin} of it" if self.margin else "the best"
        wins = ", ".join(f"{arm} on {won}" for arm, won in zip(table["arm"], table["won"], strict=True))
        found.append(f"Won ({within}, by the median), of {count} {noun}s: {wins}.")
        found += [self._beside_reference(arm, noun) for arm in table["arm"] if self.decisions[arm].total()]
        if self.left_out:
            left_out = ", ".join(self.left_out)
            found.append(f"Not ranked, as not all arms have a value for the same seed: {left_out}.")
        return found

    def _told_apart(self, noun: str) -> str:
        if self.test == "Wilcoxon":
            few = len(self.conditions) < FEWEST_FOR_WILCOXON
            return f", and fewer than {FEWEST_FOR_WILCOXON} {noun}s cannot show a difference" if few else ""
        pairs = [
            f"{one} and {other}"
            for one, other in itertools.combinations(self.frame()["arm"], 2)
            if self.p_values.loc[one, other] < ALPHA
        ]
        differ = f"these differ: {'; '.join(pairs)}" if pairs else "no two arms differ"
        return f"; by Nemenyi's (ranks {self.critical_difference:.3g} apart) {differ}"

    def _beside_reference(self, arm: str, noun: str) -> str:
        counts = self.decisions[arm]
        parts = [f"{word} on {counts[word]}" for word in (BETTER, EQUAL, WORSE, OPEN) if counts[word]]
        return f"{arm} beside {self.reference}, of {counts.total()} {noun}s: {', '.join(parts)}."


def over_conditions(
    tables: Mapping[str, pd.DataFrame],
    higher_is_better: Mapping[str, bool],
    rows: Iterable[Row],
    margin: Margin | None = None,
) -> OverConditions | None:
    """The arms over all conditions; None with fewer than two conditions or two arms to rank.

    Args:
        tables: condition -> values with one row per seed and one column per arm; NaN where there is none.
        higher_is_better: condition -> direction of its metric.
        rows: the decisions within the conditions.
        margin: for `won`, as in `judge`.

    In each condition the arms are ranked by their medians over the seeds that all of them have: few runs
    that collapse do not decide a rank.

    Source: Demšar 2006, https://jmlr.org/papers/v7/demsar06a.html
    """
    arms = list(dict.fromkeys(arm for table in tables.values() for arm in table.columns))
    medians = {
        name: table.dropna().median()
        for name, table in tables.items()
        if set(arms) <= set(table.columns) and not table.dropna().empty
    }
    if len(medians) < 2 or len(arms) < 2:
        return None
    # conditions × arms, larger is better
    scores = pd.DataFrame(
        [series[arms] * (1 if higher_is_better[name] else -1) for name, series in medians.items()],
        index=list(medians),
    )
    ranks = scores.rank(axis=1, ascending=False)
    mean_ranks = ranks.mean()
    test, p_value, p_values, critical = _two(scores) if len(arms) == 2 else _several(scores, mean_ranks)
    decided = list(rows)
    return OverConditions(
        conditions=tuple(medians),
        left_out=tuple(name for name in tables if name not in medians),
        mean_ranks={str(arm): float(rank) for arm, rank in mean_ranks.items()},
        won={str(arm): int(count) for arm, count in _won(medians, arms, higher_is_better, margin).items()},
        margin=margin,
        test=test,
        p_value=p_value,
        p_values=p_values.rename(index=str, columns=str),
        critical_difference=critical,
        reference=decided[0].reference if decided else "",
        decisions={str(arm): Counter(row.decision for row in decided if row.arm == str(arm)) for arm in arms},
    )


def _won(
    medians: Mapping[str, pd.Series],
    arms: list[str],
    higher_is_better: Mapping[str, bool],
    margin: Margin | None,
) -> pd.Series:
    wins = pd.Series(0, index=arms)
    for name, values in medians.items():
        scale = values[arms].map(math.log) if margin is not None and margin.ratio else values[arms]
        best = scale.max() if higher_is_better[name] else scale.min()
        wins += (scale - best).abs() <= (margin.on_scale if margin else 0.0)
    return wins


def _two(scores: pd.DataFrame) -> tuple[str, float, pd.DataFrame, float]:
    """Wilcoxon's signed-rank test on the differences of two arms, one per condition."""
    from scipy import stats  # slow to import, and only several data sets need it

    differences = scores.iloc[:, 0] - scores.iloc[:, 1]
    p_value = float(stats.wilcoxon(differences).pvalue) if differences.any() else 1.0
    p_values = pd.DataFrame([[1.0, p_value], [p_value, 1.0]], scores.columns, scores.columns)
    return "Wilcoxon", p_value, p_values, math.nan


def _several(scores: pd.DataFrame, mean_ranks: pd.Series) -> tuple[str, float, pd.DataFrame, float]:
    """Friedman's test, and Nemenyi's for each pair."""
    from scipy import stats  # slow to import, and only several data sets need it

    count, arms = scores.shape
    all_equal = bool(scores.eq(scores.iloc[:, 0], axis=0).all(axis=None))  # Friedman's statistic is 0/0
    p_value = 1.0 if all_equal else float(stats.friedmanchisquare(*scores.to_numpy().T).pvalue)
    error = math.sqrt(arms * (arms + 1) / (12 * count))
    distances = np.abs(mean_ranks.to_numpy()[:, None] - mean_ranks.to_numpy()) / error
    p_values = pd.DataFrame(
        stats.studentized_range.sf(distances, arms, np.inf), mean_ranks.index, mean_ranks.index
    )
    critical = float(stats.studentized_range.isf(ALPHA, arms, np.inf)) * error
    return "Friedman", p_value, p_values, critical
