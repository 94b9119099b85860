"""The parameters of each arm, chosen by a validation metric on seeds that are not reported.

Every arm gets the same grid and the same seeds. Tuning runs live in a folder of their own and hold no test
metric.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.errors import UserError
from losslab.own_training.arms import Arm, Params, read_seeds
from losslab.own_training.conducting import Conductor
from losslab.own_training.results import TEST, Metric
from losslab.records import FINISHED

TUNING_SEEDS = (1000, 1001)


def read_grid(tune: Any) -> list[Params]:
    """All points of {"lr": [0.1, 0.01], ...}. Raises UserError for another form."""
    right = 'give a dict of lists, such as {"lr": [0.1, 0.01]}'
    if not isinstance(tune, Mapping) or not tune:
        raise UserError(f"tune={tune!r} is wrong: {right}")
    for key, values in tune.items():
        if not isinstance(key, str) or isinstance(values, str) or not isinstance(values, Iterable):
            raise UserError(f"tune has {key!r}: {values!r}: {right}")
        if not list(values):
            raise UserError(f"tune has no value for {key!r}: {right}")
    return [
        dict(zip(tune, point, strict=True)) for point in itertools.product(*(list(v) for v in tune.values()))
    ]


def read_metric(tune_on: str | None, metric: Metric) -> Metric:
    """The metric to tune on, by default the judged one on validation data. Raises UserError for test data."""
    key = tune_on if tune_on is not None else f"validation/{metric.name}"
    found = Metric.of(key, lower_is_better=not metric.higher_is_better)
    if found.split == TEST:
        raise UserError(
            f"tune_on={key!r} is a test metric: tune on validation data, such as 'val/{found.name}'"
        )
    return found


def read_seeds_apart(tuning_seeds: Any, reported: Iterable[int]) -> list[int]:
    """The tuning seeds. Raises UserError if one of them is reported."""
    found = read_seeds(tuning_seeds, "tuning_seeds", fewest=1)
    if shared := sorted(set(found) & set(reported)):
        raise UserError(
            f"tuning_seeds has {shared[0]}, which is among seeds: tune with seeds that are not reported"
        )
    return found


def tuned(
    train: Callable[..., Any],
    arms: Sequence[Arm],
    grid: Sequence[Params],
    metric: Metric,
    seeds: Sequence[int],
    folder: Path,
    jobs: int,
) -> list[Arm]:
    """`arms` with the parameters of the best mean metric. A point counts only if all its runs finished.

    Raises UserError if an arm has no such point.
    """
    points = [Arm(arm.name, arm.loss, point) for arm in arms for point in grid]
    conductor = Conductor(train, points, metric, folder, jobs, tuning=True)
    batch = [[*point.overrides, f"seed={seed}"] for seed in seeds for point in points]
    conductor.make(batch, folder, conductor.setup)
    runs, _ = conductor.read(seeds)
    means = [
        _mean(runs[runs["arm_identity"] == conductor.planner.run(p, 0).arm_identity], metric) for p in points
    ]
    return [_best(arm.name, points, means, metric) for arm in arms]


def _best(name: str, points: Sequence[Arm], means: Sequence[float | None], metric: Metric) -> Arm:
    known = [
        (mean, point)
        for mean, point in zip(means, points, strict=True)
        if point.name == name and mean is not None
    ]
    if not known:
        raise UserError(
            f"no point of tune worked for {name}: a run of each diverged or failed. Give tune other values"
        )
    choose = max if metric.higher_is_better else min
    return choose(known, key=lambda pair: pair[0])[1]


def _mean(runs: pd.DataFrame, metric: Metric) -> float | None:
    values = [
        metric.value(found) if status == FINISHED else None
        for found, status in zip(runs["metrics"], runs["status"], strict=True)
    ]
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None
