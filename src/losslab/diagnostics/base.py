"""What a diagnostic is: a Lightning callback that the learner calls inside chosen optimiser steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytorch_lightning as pl

if TYPE_CHECKING:
    from losslab.learner import Learner


class Diagnostic(pl.Callback):
    """Looks at step 1 and at every multiple of `every_n_steps`; costs nothing at the others.

    Subclasses override what they need. Values go to TensorBoard by `learner.logbook.writer`.
    """

    def __init__(self, every_n_steps: int) -> None:
        self.every_n_steps = every_n_steps

    def is_due(self, step: int) -> bool:
        """Whether to look into `step`, counted from 1."""
        return step == 1 or step % self.every_n_steps == 0

    def before_forward(self, learner: Learner, step: int) -> None:
        """Before the forward pass: the place to attach hooks for this step."""

    def after_backward(self, learner: Learner, step: int) -> None:
        """Gradients are there, neither clipped nor applied."""

    def after_step(self, learner: Learner, step: int) -> None:
        """The optimiser has moved the weights."""
