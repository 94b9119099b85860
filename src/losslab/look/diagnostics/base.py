"""What a diagnostic is: a Lightning callback that the learner calls inside chosen optimiser steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl

from losslab.errors import UserError

if TYPE_CHECKING:
    from losslab.train.learner import Learner

# Most of what goes wrong goes wrong early: these steps are looked at whatever the interval.
EARLY_STEPS = frozenset({1, 2, 3, 5, 10, 20, 50})


class Diagnostic(pl.Callback):
    """Looks at step 1 and at every multiple of `every_n_steps`; costs nothing at the others.

    Subclasses override what they need, and hand their numbers to `learner.logbook.measure`.

    Args:
        every_n_steps: from 1.
        early: also look at EARLY_STEPS.

    Raises UserError where `every_n_steps` is not a whole number from 1.
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
        """Whether to look into `step`, counted from 1."""
        return step == 1 or step % self.every_n_steps == 0 or (self.early and step in EARLY_STEPS)

    def hook(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` as a hook of a module or tensor: in a run its exception ends this diagnostic alone."""
        return function

    def before_forward(self, learner: Learner, step: int) -> None:
        """Before the forward pass: the place to attach hooks for this step."""

    def after_backward(self, learner: Learner, step: int) -> None:
        """Gradients are there, neither clipped nor applied."""

    def after_step(self, learner: Learner, step: int) -> None:
        """The optimiser has moved the weights."""
