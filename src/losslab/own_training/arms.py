"""The runs of a comparison of own training code: arms, seeds and parameters, planned as a sweep's."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from losslab.config.identity import named_folder
from losslab.errors import UserError
from losslab.own_training import identity
from losslab.own_training.results import Metric
from losslab.records import FAILED, Record
from losslab.sweep.plan import PlannedRun

Params = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Arm:
    """A loss with its parameters.

    Attributes:
        overrides: what it is in words, as a sweep has it: ["loss=focal", "lr=0.1"].
    """

    name: str
    loss: Any
    params: Params

    @property
    def overrides(self) -> list[str]:
        return [f"loss={self.name}", *(f"{key}={value}" for key, value in self.params.items())]

    def made(self) -> Callable[..., Any]:
        """The loss for one run: modules are copied, so that no run sees what another did to them."""
        partial_class = isinstance(self.loss, functools.partial) and isinstance(self.loss.func, type)
        if isinstance(self.loss, type) or partial_class:
            return self.loss()
        return copy.deepcopy(self.loss) if isinstance(self.loss, nn.Module) else self.loss


class Planner:
    """Plans runs of one training function: equal code, loss, parameters and seed make the same run.

    The metric, the margin and the number of seeds are not part of a run: a change of them repeats none.
    """

    def __init__(self, train: Callable[..., Any], metric: Metric, tuning: bool) -> None:
        self.metric, self.tuning = metric, tuning
        self.task = printable_name(train)
        self.task_identity = identity.of_parts(train=identity.of_object(train), tuning=tuning)
        self._codes: dict[int, str] = {}

    def run(self, arm: Arm, seed: int) -> PlannedRun:
        code = self._codes.setdefault(id(arm.loss), identity.of_object(arm.loss))
        arm_identity = identity.of_parts(
            task=self.task_identity, loss=code, params=repr(arm.params), arm=arm.name
        )
        run_identity = identity.of_parts(arm=arm_identity, seed=seed)
        overrides = [*arm.overrides, f"seed={seed}"]
        folder = named_folder(",".join([arm.name, *overrides[1:]]), run_identity)
        run = PlannedRun(overrides, folder, run_identity, arm_identity, self.task_identity, seed)
        run.empty_record = Record(
            identity=run_identity,
            arm_identity=arm_identity,
            task_identity=self.task_identity,
            name=folder,
            seed=seed,
            choices={"loss": arm.name, "task": self.task},
            overrides=overrides,
            config={
                "task": {"name": self.task, "tuning": self.tuning},
                "loss": {"name": arm.name, "code": code},
                "params": {key: _plain(value) for key, value in arm.params.items()},
                "seed": seed,
            },
            status=FAILED,
            metric=self.metric.name,
            higher_is_better=self.metric.higher_is_better,
        )
        return run


def read_losses(losses: Any) -> dict[str, Any]:
    """At least two losses by name. Raises UserError for anything else."""
    if not isinstance(losses, Mapping):
        raise UserError(f"losses={losses!r} is wrong: give a dict of names and losses")
    if len(losses) < 2:
        raise UserError(
            f"losses has {len(losses)} entry: give at least two, a single one is compared with nothing"
        )
    for name, loss in losses.items():
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"losses has the name {name!r}: names are texts")
        if not callable(loss):
            raise UserError(f"losses[{name!r}] is {loss!r}: give a module, a class or a function")
    return dict(losses)


def read_seeds(seeds: Any, what: str, fewest: int) -> list[int]:
    """A number n stands for 0 to n−1. Raises UserError for fewer than `fewest`, or repeated ones."""
    wanted = f"give a number from {fewest}, or a range or list of different seeds"
    if isinstance(seeds, str | bool):
        raise UserError(f"{what}={seeds!r} is wrong: {wanted}")
    try:
        found = list(range(seeds)) if isinstance(seeds, int) else list(seeds)
    except TypeError:
        raise UserError(f"{what}={seeds!r} is wrong: {wanted}") from None
    for seed in found:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise UserError(f"{what} has {seed!r}: seeds are whole numbers from 0")
    if len(found) < fewest:
        only = "one seed says nothing about others" if len(found) == 1 else f"it has {len(found)} seeds"
        raise UserError(f"{what}={seeds!r} is too few: {only}; {wanted}")
    if len(set(found)) < len(found):
        raise UserError(f"{what}={seeds!r} repeats a seed: {wanted}")
    return found


def printable_name(train: Any) -> str:
    """The name of a function or a callable object."""
    name = getattr(train, "__name__", type(train).__name__)
    return "train" if name == "<lambda>" else str(name)


def _plain(value: Any) -> Any:
    """For JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else repr(value)
