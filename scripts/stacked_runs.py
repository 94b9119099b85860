"""Many runs of one small configuration at once, as one stacked model: for studies of thousands of runs.

Data, initial weights, batch order and loss are losslab's own; `agreement` compares the results with those of
`losslab.train.run`. Only a multilayer perceptron with Adam, class indices and plain criteria.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from losslab.config.compose import compose_run
from losslab.config.settings import RunSettings
from losslab.models import build_network
from losslab.seeds import generator
from losslab.tasks import Task, load_task
from losslab.train.run import run

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # (n, classes), (n,) -> (n,)
    "cross_entropy": lambda outputs, targets: functional.cross_entropy(outputs, targets, reduction="none"),
    "cross_entropy_on_softmax": lambda outputs, targets: functional.cross_entropy(
        outputs.softmax(1), targets, reduction="none"
    ),
    "mse_softmax": lambda outputs, targets: (
        (outputs.softmax(1) - functional.one_hot(targets, outputs.shape[1])).square().mean(1)
    ),
}
AT_ONCE = 400


@dataclasses.dataclass
class Results:
    """One entry per run.

    Attributes:
        test, validation: accuracy at the end.
        steps: optimiser steps until the validation accuracy first reached the target; NaN: never.
    """

    test: np.ndarray
    validation: np.ndarray
    steps: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Results]) -> Results:
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def __getitem__(self, places: Any) -> Results:
        return Results(self.test[places], self.validation[places], self.steps[places])


class Configuration:
    """A run's settings, apart from its loss, learning rate and seed.

    Args:
        overrides: as on the command line.
        target: validation accuracy whose first step is recorded.
    """

    def __init__(self, overrides: Sequence[str], target: float) -> None:
        self.overrides = list(overrides)
        self.target = target
        self.settings = self._settings("cross_entropy", 1e-3)
        self.task: Task = load_task(self.settings.task, self.settings.choices["task"])
        self.splits = {
            name: (split.prepare(inputs).flatten(1), targets)
            for name, split in self.task.splits.items()
            for inputs, targets in [split.gather(torch.arange(len(split)))]
        }
        batch = self.settings.trainer.batch_size
        self.steps = -(-len(self.splits["train"][1]) // batch) * self.settings.trainer.max_epochs

    def _settings(self, loss: str, rate: float) -> RunSettings:
        return compose_run(*self.overrides, f"loss={loss}", f"optimizer.lr={rate}")

    def train(self, loss: str, rate: float, seeds: Sequence[int]) -> Results:
        """Trains one run per seed."""
        blocks = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
        return Results.joined([self._train(loss, rate, block) for block in blocks])

    def agreement(self, loss: str, rate: float, seeds: Sequence[int]) -> tuple[int, float]:
        """In how many of the seeds test accuracy and steps equal losslab's own; the largest difference."""
        ours = self.train(loss, rate, seeds)
        equal, largest = 0, 0.0
        for place, seed in enumerate(seeds):
            settings = self._settings(loss, rate).model_copy(update={"seed": seed})
            with tempfile.TemporaryDirectory() as folder:
                record = run(settings, [], Path(folder))
            difference = abs(record.metrics["test"]["accuracy"] - float(ours.test[place]))
            (target,) = [found for found in record.targets if found.value == self.target]
            steps = np.nan if target.step is None else float(target.step)
            equal += difference < 1e-6 and np.array_equal(steps, ours.steps[place], equal_nan=True)
            largest = max(largest, difference)
        return equal, largest

    def _train(self, loss: str, rate: float, seeds: Sequence[int]) -> Results:
        weights = self._initial_weights(seeds)
        optimizer = torch.optim.Adam(weights, lr=rate)
        inputs, targets = self.splits["train"]
        classes, trainer = self.task.kind.output_features, self.settings.trainer
        steps, done = np.full(len(seeds), np.nan), 0
        self._note(steps, done, weights)
        for epoch in range(trainer.max_epochs):
            orders = torch.stack(
                [torch.randperm(len(targets), generator=generator(seed, "batches", epoch)) for seed in seeds]
            )
            for batch in orders.split(trainer.batch_size, dim=1):
                outputs = self._outputs(weights, inputs[batch])
                losses = LOSSES[loss](outputs.reshape(-1, classes), targets[batch].reshape(-1))
                optimizer.zero_grad()
                losses.reshape(batch.shape).mean(1).sum().backward()  # each seed's own gradient
                optimizer.step()
                done += 1
                if done % trainer.eval_every == 0 or done == self.steps:
                    self._note(steps, done, weights)
        return Results(self._accuracy(weights, "test"), self._accuracy(weights, "validation"), steps)

    def _initial_weights(self, seeds: Sequence[int]) -> list[Tensor]:
        """Weight and bias of each layer, stacked over the seeds."""
        settings, task = self.settings, self.task
        networks = [
            build_network(
                settings.model, settings.activation, settings.init,
                task.input_shape, task.kind.output_features, seed,
            )
            for seed in seeds
        ]  # fmt: skip
        rows = zip(*(network.parameters() for network in networks), strict=True)
        return [torch.stack([each.detach() for each in row]).requires_grad_() for row in rows]

    @staticmethod
    def _outputs(weights: Sequence[Tensor], inputs: Tensor) -> Tensor:
        """(seeds, n, features) to (seeds, n, classes)."""
        for place in range(0, len(weights), 2):
            weight, bias = weights[place : place + 2]
            inputs = torch.baddbmm(bias.unsqueeze(1), inputs, weight.transpose(1, 2))
            if place + 2 < len(weights):
                inputs = inputs.relu()
        return inputs

    @torch.no_grad()
    def _accuracy(self, weights: Sequence[Tensor], split: str) -> np.ndarray:
        inputs, targets = self.splits[split]
        outputs = self._outputs(weights, inputs.expand(len(weights[0]), *inputs.shape))
        return (outputs.argmax(2) == targets).double().mean(1).numpy()

    def _note(self, steps: np.ndarray, done: int, weights: Sequence[Tensor]) -> None:
        """Notes the step for the runs that have now reached the target."""
        reached = self._accuracy(weights, "validation") >= self.target - 1e-9
        steps[reached & np.isnan(steps)] = done
