"""The optimiser's learning rate, as it really is at a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from losslab.look.diagnostics.base import Diagnostic

if TYPE_CHECKING:
    from losslab.train.learner import Learner


class LearningRate(Diagnostic):
    """Scalars `learning_rate/group_1`, ...: one for each of the optimiser's parameter groups."""

    def after_step(self, learner: Learner, step: int) -> None:
        optimizer: Any = learner.optimizers(use_pl_optimizer=False)
        rates = {
            f"group_{number}": float(group["lr"])
            for number, group in enumerate(optimizer.param_groups, start=1)
            if "lr" in group
        }
        learner.logbook.measure(step, "learning_rate", rates)
