"""What each run counts with: the one treatment of runs that diverged, failed, or never reached a target.

docs/method.md explains it to readers. Not here: where the numbers come from (`losslab/records/outcomes.py`)
and what is made of them (`intervals.py`, `evidence.py`).
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import pandas as pd

# How a run can end.
FINISHED: Final = "finished"
DIVERGED: Final = "diverged"
FAILED: Final = "failed"


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """One entry a run in each, with the same index.

    Attributes:
        number: what the run counts with, a float; NaN: it has no value and is left out, and named.
        untrained: the number is that of the untrained network, because the run diverged.
        censored: the number is only a lower bound: the target was not reached within the run's steps.
    """

    number: pd.Series
    untrained: pd.Series
    censored: pd.Series

    @property
    def missing(self) -> pd.Series:
        return self.number.isna()

    @property
    def reached(self) -> pd.Series:
        """The numbers with infinity for the bounds, which is how a median counts them."""
        return self.number.mask(self.censored, np.inf)

    def and_those(self, others: Outcomes) -> Outcomes:
        """These and others, one after the other."""
        return Outcomes(
            pd.concat([self.number, others.number]),
            pd.concat([self.untrained, others.untrained]),
            pd.concat([self.censored, others.censored]),
        )


def of_metric(status: pd.Series, final: pd.Series, untrained: pd.Series) -> Outcomes:
    """A metric of the network that a run ends with.

    A run that diverged leaves no useful network, and a mean over the others would reward an arm for breaking.
    It counts with its untrained network's metric: as good as not training at all, which is finite and favours
    nobody. A run that failed (an exception) has no value: nothing is known of how well it trains.

    Args:
        status: FINISHED, DIVERGED or FAILED of each run.
        final, untrained: the metric at the end, and before the first step; NaN where there is none.
    """
    numbers = _finite(final).where(status == FINISHED, _finite(untrained).where(status == DIVERGED))
    return Outcomes(numbers, (status == DIVERGED) & numbers.notna(), _none(status))


def of_course(status: pd.Series, value: pd.Series) -> Outcomes:
    """A measure of training itself, which a run has if it finished or diverged; a failed one has none."""
    return Outcomes(_finite(value).where(status != FAILED), _none(status), _none(status))


def of_steps(status: pd.Series, reached: pd.Series, planned: pd.Series) -> Outcomes:
    """Steps to a target. A run that finished or diverged without it: its planned steps, as a bound.

    Args:
        reached: the step at which the target was first reached, NaN where it was not. At least 1 is counted:
            at step 0 nothing was learned, yet a ratio needs a number above zero.
        planned: steps of the whole run.
    """
    steps = _finite(reached)
    numbers = steps.clip(lower=1).fillna(_finite(planned)).where(status != FAILED)
    return Outcomes(numbers, _none(status), steps.isna() & numbers.notna())


def divergence(status: pd.Series) -> Outcomes:
    """1 for a run that diverged, 0 for one that finished; a failed one has no value."""
    numbers = (status == DIVERGED).astype(float).where(status != FAILED)
    return Outcomes(numbers, _none(status), _none(status))


def notes(outcomes: Outcomes) -> list[str]:
    """What a reader must know of the numbers, a sentence each; none where all runs simply have theirs."""
    total, found = len(outcomes.number), []
    if censored := int(outcomes.censored.sum()):
        found.append(f"{censored} of {total} runs never reached the target: a bound, not a value.")
    if untrained := int(outcomes.untrained.sum()):
        found.append(f"{untrained} of {total} runs diverged: counted as their untrained network.")
    return found


def _finite(values: pd.Series) -> pd.Series:
    """As floats, NaN for what is no finite number."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def _none(like: pd.Series) -> pd.Series:
    return pd.Series(False, index=like.index, dtype=bool)
