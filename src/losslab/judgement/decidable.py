"""Can a bound be decided at all, whatever the runs give? Asked before anything is trained."""

from __future__ import annotations

import dataclasses

import numpy as np

from losslab.judgement.evidence import Evidence, share_evidence
from losslab.judgement.paired_shares import paired_share_evidence

MOST_SEEDS = 100


@dataclasses.dataclass(frozen=True)
class ShareBound:
    """A bound on a share of runs, or with `paired` on the difference of two shares over the same seeds.

    Attributes:
        low, high: ends of the range in which the share must lie; None: none on that side.
        level: two-sided level at which it is judged.
    """

    low: float | None
    high: float | None
    level: float
    paired: bool = False

    def decidable(self, seeds: int) -> bool:
        """Whether some outcome of so many seeds shows that it holds, and another that it fails."""
        found = [self._evidence(values) for values in self._outcomes(seeds)]
        holds = any(one.holds <= self.level for one in found)
        return holds and any(one.fails <= self.level for one in found)

    def fewest_seeds(self) -> int | None:
        """The fewest seeds that could decide it; None: more than 100 would be needed, or none could."""
        return next((seeds for seeds in range(2, MOST_SEEDS + 1) if self.decidable(seeds)), None)

    def _outcomes(self, seeds: int) -> list[np.ndarray]:
        if self.paired:  # the clearest: every seed one way, the other way, or no difference at all
            return [np.full(seeds, value) for value in (1.0, -1.0, 0.0)]
        return [np.repeat([1.0, 0.0], [hits, seeds - hits]) for hits in range(seeds + 1)]

    def _evidence(self, values: np.ndarray) -> Evidence:
        judged = paired_share_evidence if self.paired else share_evidence
        return judged(values, self.low, self.high)


def ratio_of_steps_decidable(low: float | None, high: float | None, steps: int, eval_every: int) -> bool:
    """Whether a bound on a ratio of steps to a target can hold and can fail.

    Targets are noticed at evaluations only, and no run takes more than its planned steps: a ratio lies
    between eval_every / steps and steps / eval_every.

    Args:
        low, high: ends of the range in which the ratio must lie; None: none on that side.
        steps: planned steps of a run.
    """
    largest = steps / eval_every
    can_hold = (low is None or low < largest) and (high is None or high > 1 / largest)
    can_fail = (low is not None and low > 1 / largest) or (high is not None and high < largest)
    return can_hold and can_fail
