"""What a diagnostic is: a watcher with a schedule of optimiser steps."""

from __future__ import annotations

from losslab.errors import UserError
from losslab.look.watcher import Training, Watcher

# Most problems show early: these steps are measured for any interval.
EARLY_STEPS = frozenset({1, 2, 3, 5, 10, 20, 50})


class Diagnostic(Watcher):
    """Measures at step 1 and at every multiple of `every_n_steps`; costs nothing at other steps.

    Subclasses override the methods of `Watcher` that they need, and pass numbers to
    `training.logbook.measure`.

    Args:
        every_n_steps: at least 1.
        early: also measure at EARLY_STEPS.

    Raises UserError if `every_n_steps` is not a whole number from 1.
    """

    def __init__(self, every_n_steps: int, early: bool = False) -> None:
        if isinstance(every_n_steps, bool) or not isinstance(every_n_steps, int) or every_n_steps < 1:
            raise UserError(
                f"every_n_steps={every_n_steps} of the diagnostic {type(self).__name__} is wrong: "
                "give a whole number from 1"
            )
        self.every_n_steps = every_n_steps
        self.early = early

    def is_due(self, step: int) -> bool:
        """Whether to measure at `step`, counted from 1."""
        return step == 1 or step % self.every_n_steps == 0 or (self.early and step in EARLY_STEPS)

    def due_steps(self, training: Training, steps: range) -> list[int]:
        return [step for step in steps if self.is_due(step)]
