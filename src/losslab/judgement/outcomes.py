"""Which number each run counts with, also if it diverged, failed, or never reached a target.

docs/method.md explains it to readers. Not here: where the numbers come from (`losslab/records/outcomes.py`)
and what they are used for (`intervals.py`, `evidence.py`).
"""

from __future__ import annotations

import dataclasses
from typing import Final

import numpy as np
import pandas as pd

from losslab.judgement.collapse import collapsed
from losslab.judgement.rows import Margin

# How a run can end.
FINISHED: Final = "finished"
DIVERGED: Final = "diverged"
FAILED: Final = "failed"


@dataclasses.dataclass(frozen=True)
class Outcomes:
    """Three series with one entry per run and the same index.

    Attributes:
        number: the number that the run counts with; NaN: it has no value, and is left out and named.
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
        """The numbers, with infinity in place of bounds, as a median counts them."""
        return self.number.mask(self.censored, np.inf)

    def and_those(self, others: Outcomes) -> Outcomes:
        """These outcomes followed by others."""
        return Outcomes(
            pd.concat([self.number, others.number]),
            pd.concat([self.untrained, others.untrained]),
            pd.concat([self.censored, others.censored]),
        )


def of_metric(status: pd.Series, final: pd.Series, untrained: pd.Series) -> Outcomes:
    """A metric of the network at the end of a run.

    A run that diverged leaves no useful network, and a mean over the others would reward an arm for
    diverging. It counts with the metric of its untrained network: as good as no training, which is finite and
    favours no arm. A run that failed (an exception) has no value, because it says nothing about training.

    Args:
        status: FINISHED, DIVERGED or FAILED of each run.
        final, untrained: the metric at the end, and before the first step; NaN if there is none.
    """
    numbers = _finite(final).where(status == FINISHED, _finite(untrained).where(status == DIVERGED))
    return Outcomes(numbers, (status == DIVERGED) & numbers.notna(), _none(status))


def of_course(status: pd.Series, value: pd.Series) -> Outcomes:
    """A measure of training itself, which finished and diverged runs have, but failed ones do not."""
    return Outcomes(_finite(value).where(status != FAILED), _none(status), _none(status))


def of_steps(status: pd.Series, reached: pd.Series, planned: pd.Series) -> Outcomes:
    """Steps to a target. A run that ended without reaching it counts with its planned steps, as a bound.

    Args:
        reached: the step at which the target was first reached, NaN if it was not. Step 0 counts as 1,
            because a ratio needs a number above zero.
        planned: steps of the whole run.
    """
    steps = _finite(reached)
    numbers = steps.clip(lower=1).fillna(_finite(planned)).where(status != FAILED)
    return Outcomes(numbers, _none(status), steps.isna() & numbers.notna())


def divergence(status: pd.Series) -> Outcomes:
    """1 for a run that diverged, 0 for one that finished; a failed one has no value."""
    numbers = (status == DIVERGED).astype(float).where(status != FAILED)
    return Outcomes(numbers, _none(status), _none(status))


def far_worse(number: pd.Series, higher_is_better: bool, margin: Margin | None = None) -> pd.Series:
    """Which runs of one arm collapsed, see `collapse.py`; with a ratio margin by their logarithms."""
    if margin is not None and margin.ratio and (number.dropna() > 0).all():
        number = np.log(number)
    far = collapsed(number, higher_is_better, None if margin is None else margin.on_scale)
    return pd.Series(far, index=number.index)


def collapse(
    counted: Outcomes, status: pd.Series, higher_is_better: bool, margin: Margin | None = None
) -> Outcomes:
    """1 for a run that collapsed or diverged, 0 for another; one without a number has no value.

    Each run counts once, so this share includes that of `divergence`: a run that diverged counts with its
    untrained network, and is a collapse also where most runs of its arm diverged.

    Args:
        counted: the numbers that the runs of one arm count with in a metric, as `of_metric` has them.
        margin: the smallest difference that matters; None for none.
    """
    far = far_worse(counted.number, higher_is_better, margin)
    diverged = status == DIVERGED
    found = (far | diverged).astype(float).where(counted.number.notna() | diverged)
    return Outcomes(found, _none(status), _none(status))


def notes(outcomes: Outcomes) -> list[str]:
    """What a reader must know about the numbers, one sentence each; none if all runs have ordinary values."""
    total, found = len(outcomes.number), []
    if censored := int(outcomes.censored.sum()):
        found.append(f"{censored} of {total} runs never reached the target: a bound, not a value.")
    if untrained := int(outcomes.untrained.sum()):
        found.append(f"{untrained} of {total} runs diverged: counted as their untrained network.")
    return found


def _finite(values: pd.Series) -> pd.Series:
    """As floats, with NaN for values that are not finite."""
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def _none(like: pd.Series) -> pd.Series:
    return pd.Series(False, index=like.index, dtype=bool)
