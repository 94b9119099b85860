"""The optimiser's current learning rate."""

from __future__ import annotations

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.watcher import Training


class LearningRate(Diagnostic):
    """Scalars `learning_rate/group_1`, ...: one for each of the optimiser's parameter groups."""

    def after_step(self, training: Training, step: int) -> None:
        assert training.optimizer is not None
        rates = {
            f"group_{number}": float(group["lr"])
            for number, group in enumerate(training.optimizer.param_groups, start=1)
            if "lr" in group
        }
        training.logbook.measure(step, "learning_rate", rates)
