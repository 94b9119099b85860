"""Numbers that a prediction can be about: one for each run of a frame.

Test metrics are read by their name. The other measures are losslab's own; each has a description that the
report prints. Not here: what the numbers of several runs mean together.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from losslab.claims.margins import margin_of
from losslab.claims.run_files import RunFiles
from losslab.judgement.evidence import share_interval
from losslab.judgement.intervals import CONFIDENCE, Estimate, mean_interval
from losslab.judgement.outcomes import Outcomes
from losslab.judgement.rows import Margin
from losslab.records import BEFORE_SCALING, outcomes

SPLITS = ("train", "validation", "test", BEFORE_SCALING)
STEPS = "steps_to_target"
# Each run's value is 0 or 1, and what counts is their share.
DIVERGED_SHARE = "diverged"
COLLAPSED_SHARE = "collapsed"


@dataclasses.dataclass(frozen=True)
class Measure:
    """A measure of losslab's own: what it is, in words, and how it is read from a run's files."""

    words: str
    read: Callable[[RunFiles], float]


def outcomes_of(
    runs: pd.DataFrame,
    metric: str,
    target: float | None = None,
    margins: Mapping[str, Margin] | None = None,
) -> Outcomes:
    """The number of each of `runs`, a frame of `losslab.records.frame`, in a metric or measure.

    Args:
        runs: of one arm.
        margins: the claim's own, for metrics that losslab has none for.
    """
    if metric == STEPS:
        assert target is not None
        return outcomes.of_target(runs, target)
    if metric == DIVERGED_SHARE:
        return outcomes.divergence(runs)
    if metric == COLLAPSED_SHARE:
        return outcomes.collapse(runs, margin_of(outcomes.primary(runs)[0], margins))
    if metric in MEASURES:
        return outcomes.of_course(runs, [MEASURES[metric].read(RunFiles(at)) for at in runs["folder"]])
    split, name = _split_of(metric)
    return outcomes.of_metric(runs, name, split)


def words_for(metric: str, target: float | None = None) -> str:
    """A metric's name in words."""
    if metric == STEPS:
        return f"optimiser steps until the primary validation metric first reaches {target:g}"
    if metric == DIVERGED_SHARE:
        return "share of runs whose loss or weights became infinite or NaN"
    if metric == COLLAPSED_SHARE:
        return "share of runs that diverged, or ended far worse than the arm's typical run"
    if metric in MEASURES:
        return MEASURES[metric].words
    split, name = _split_of(metric)
    return f"{split} {name.replace('_', ' ')}"


def own_names() -> list[str]:
    """The names of losslab's own measures, which are not metrics of a task."""
    return [STEPS, DIVERGED_SHARE, COLLAPSED_SHARE, *MEASURES]


def is_share(metric: str | None) -> bool:
    """Whether what counts is the share of runs with value 1: judged by exact tests, not by Student's."""
    return metric in (DIVERGED_SHARE, COLLAPSED_SHARE)


def is_of_the_loss(metric: str) -> bool:
    """Whether it is made of the loss's own values or gradients, so that other losses' cannot be compared."""
    return metric in _OF_THE_LOSS or _split_of(metric)[1] in ("loss", "batch_loss")


def interval_of(metric: str | None, numbers: ArrayLike, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of one arm's numbers with its interval: a share's is exact, another number's Student's.

    The same in tables of arms as in rows of predictions. NaN is left out.
    """
    present = np.asarray(numbers, dtype=float)
    present = present[np.isfinite(present)]
    return share_interval(present, confidence) if is_share(metric) else mean_interval(present, confidence)


def is_metric(metric: str, of_task: set[str]) -> bool:
    """Whether a prediction may name it on a task with these final metrics."""
    if metric in own_names():
        return True
    return _split_of(metric)[1].partition(".")[0] in of_task


def _split_of(metric: str) -> tuple[str, str]:
    split, dot, name = metric.partition(".")
    return (split, name) if dot and split in SPLITS else ("test", metric)


def _loss_fluctuation(run: RunFiles) -> float:
    losses = run.curve("train", "batch_loss")
    if len(losses) < 8:
        return math.nan
    half = losses.iloc[len(losses) // 2 :]
    line = np.polyval(np.polyfit(half.index, half, 1), half.index)
    fall = float(losses.iloc[0] - half.mean())
    return float((half - line).std(ddof=2) / fall) if fall > 0 else math.nan


def _distance_to_best_loss(run: RunFiles) -> float:
    losses = run.curve("train", "loss")
    if len(losses) < 5:
        return math.nan
    last = losses.iloc[-max(2, len(losses) // 5) :]
    fall = float(losses.iloc[0] - losses.min())
    return float((last.mean() - losses.min()) / fall) if fall > 0 else math.nan


def _gradient_ratio(run: RunFiles, start: bool) -> float:
    norms = run.hidden_layers("activation_gradient")
    if not len(norms) or norms.shape[1] < 2:
        return math.nan
    norms = norms.iloc[:1] if start else norms.iloc[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.log(norms.iloc[:, 0].to_numpy() / norms.iloc[:, -1].to_numpy())
    # a gradient that underflowed to zero: float32's smallest number stands for it
    ratios = np.where(np.isneginf(ratios), math.log(np.finfo(np.float32).tiny), ratios)
    return float(np.exp(np.nanmean(ratios))) if np.isfinite(ratios).any() else math.nan


def _gradient_ratio_per_layer(run: RunFiles) -> float:
    layers = run.hidden_layers("activation_gradient").shape[1]
    ratio = _gradient_ratio(run, start=True)
    return ratio ** (1 / (layers - 1)) if layers > 1 and ratio > 0 else math.nan


def _dead_share(run: RunFiles) -> float:
    table = run.hidden_layers("validation_dead_share")
    if len(table):
        return float(table.iloc[-1].mean())
    # the diagnostic writes no such share for an activation that is never exactly zero
    return 0.0 if len(run.layers("activation_mean")) else math.nan


def _activation_std_ratio(run: RunFiles) -> float:
    table = run.hidden_layers("activation_std").to_numpy(dtype=float)
    if not len(table) or table.shape[1] < 2 or not table[0, 0] > 0:
        return math.nan
    return max(float(table[0, -1] / table[0, 0]), float(np.finfo(np.float32).tiny))


def _early_gradient_norm(run: RunFiles) -> float:
    table = run.layers("gradient_norm")
    early = table.loc[table.index <= 200]
    return float(early["all"].mean()) if len(early) and "all" in early else math.nan


def _weight_norm(run: RunFiles) -> float:
    table = run.layers("weight_norm")
    return float(table["all"].iloc[-1]) if len(table) and "all" in table else math.nan


MEASURES = {
    "loss_fluctuation": Measure(
        "standard deviation of the batch loss about its own line over the second half of training, "
        "relative to how far the loss fell",
        _loss_fluctuation,
    ),
    "distance_to_best_loss": Measure(
        "mean training loss over the last fifth of the evaluations, above the best one of the run, relative "
        "to how far the loss fell",
        _distance_to_best_loss,
    ),
    "gradient_ratio_at_start": Measure(
        "gradient with respect to the first hidden layer's activations over that of the last one's (root "
        "mean squares), at the first step",
        functools.partial(_gradient_ratio, start=True),
    ),
    "gradient_ratio_in_training": Measure(
        "the same ratio after the first step: its geometric mean",
        functools.partial(_gradient_ratio, start=False),
    ),
    "gradient_ratio_per_layer": Measure(
        "factor by which the gradient with respect to activations (its root mean square) changes from one "
        "hidden layer to the one before it, at the first step",
        _gradient_ratio_per_layer,
    ),
    "dead_share": Measure(
        "share of hidden units that are zero for all validation samples at the end", _dead_share
    ),
    "activation_std_ratio": Measure(
        "standard deviation of the last hidden layer's activations over that of the first, before training",
        _activation_std_ratio,
    ),
    "early_gradient_norm": Measure(
        "mean gradient norm of all weights over the first 200 steps", _early_gradient_norm
    ),
    "weight_norm": Measure("Euclidean norm of all parameters at the end", _weight_norm),
}

_OF_THE_LOSS = ("loss_fluctuation", "distance_to_best_loss", "early_gradient_norm")
