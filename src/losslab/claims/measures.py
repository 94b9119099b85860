"""Numbers that a prediction can speak of, read from what a run left: one value a run.

Test metrics are read by their name. The measures below them are our own; each says what it is in words that
the report prints. Not here: what the numbers of several runs say together.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from losslab import records
from losslab.look.logbook import load_measurements
from losslab.records import DIVERGED, FINISHED, Record

SPLITS = ("train", "validation", "test")


@dataclasses.dataclass
class Run:
    """A record with its files, read when they are asked for."""

    record: Record
    folder: Path

    @functools.cached_property
    def curves(self) -> pd.DataFrame:
        return records.load_curves(self.folder)

    @functools.cached_property
    def diagnostics(self) -> pd.DataFrame:
        return load_measurements(self.folder)

    def curve(self, split: str, metric: str) -> pd.Series:
        """Values by optimiser step; empty where there are none."""
        rows = self.curves[(self.curves["split"] == split) & (self.curves["metric"] == metric)]
        return pd.Series(rows["value"].to_numpy(dtype=float), index=rows["step"].to_numpy()).dropna()

    def layers(self, quantity: str) -> pd.DataFrame:
        """A diagnosed quantity: a row a step, a column a layer, from the inputs to the outputs."""
        rows = self.diagnostics[self.diagnostics["quantity"] == quantity]
        table = rows.pivot_table(index="step", columns="layer", values="value", sort=False)
        return table[sorted(table.columns, key=_layer_number)]

    def hidden_layers(self, quantity: str) -> pd.DataFrame:
        """The same for hidden layers alone: without `all`, and without the output layer of a gradient."""
        table = self.layers(quantity)
        table = table[[name for name in table.columns if name.startswith("layer_")]]
        return table.iloc[:, :-1] if quantity in ("gradient_norm", "update_ratio") else table


def _layer_number(name: Any) -> tuple[int, str]:
    digits = str(name).rpartition("_")[2]
    return (int(digits) if digits.isdigit() else -1), str(name)


@dataclasses.dataclass(frozen=True)
class Value:
    """A number of a run; censored: it would be larger, had the run gone on. NaN: there is no such value."""

    number: float
    censored: bool = False
    untrained: bool = False  # the run diverged: this is what its network could do before training


@dataclasses.dataclass(frozen=True)
class Measure:
    """A measure of our own: what it is, in words, and how it is read."""

    words: str
    read: Callable[[Run], float]
    is_share: bool = False  # each run's value is 0 or 1, and what counts is their share


def value_of(run: Run, metric: str, target: float | None = None) -> Value:
    """The value of a metric or measure for one run.

    A run that diverged leaves no useful network. It counts with the validation metric of its untrained
    one: as good as not training at all, which is finite and favours nobody.
    """
    if metric == "steps_to_target":
        assert target is not None
        return _steps_to_target(run, target)
    if metric in MEASURES:
        return Value(_finite(MEASURES[metric].read(run)))
    split, name = _split_of(metric)
    if run.record.status == FINISHED:
        return Value(_finite(_inside(run.record.metrics.get(split, {}), name)))
    if run.record.status == DIVERGED:
        start = run.curve("validation", name)
        return Value(float(start.iloc[0]) if len(start) else math.nan, untrained=True)
    return Value(math.nan)


def words_for(metric: str, target: float | None = None) -> str:
    """What a metric is, for people."""
    if metric == "steps_to_target":
        return f"optimiser steps until the primary validation metric first reaches {target:g}"
    if metric in MEASURES:
        return MEASURES[metric].words
    split, name = _split_of(metric)
    return f"{split} {name.replace('_', ' ')}"


def is_metric(metric: str, of_task: set[str]) -> bool:
    """Whether a prediction may name it on a task with these final metrics."""
    if metric == "steps_to_target" or metric in MEASURES:
        return True
    return _split_of(metric)[1].partition(".")[0] in of_task


def _split_of(metric: str) -> tuple[str, str]:
    split, dot, name = metric.partition(".")
    return (split, name) if dot and split in SPLITS else ("test", metric)


def _inside(metrics: dict[str, Any], name: str) -> float:
    """`recall_per_class.8` is the ninth entry of a metric with several."""
    key, _, place = name.partition(".")
    found = metrics.get(key)
    if place and isinstance(found, list) and place.isdigit() and int(place) < len(found):
        found = found[int(place)]
    return float(found) if isinstance(found, int | float) else math.nan


def _finite(number: float) -> float:
    return number if math.isfinite(number) else math.nan


def _steps_to_target(run: Run, target: float) -> Value:
    record = run.record
    curve = run.curve("validation", record.metric)
    reached = curve[curve >= target] if record.higher_is_better else curve[curve <= target]
    if len(reached):
        # at step 0 nothing was learned, yet a ratio needs a number above zero
        return Value(float(max(1, reached.index[0])))
    planned = _planned_steps(run)
    return Value(planned, censored=True) if math.isfinite(planned) else Value(math.nan)


def _planned_steps(run: Run) -> float:
    """Steps of a whole run, also for one that diverged earlier."""
    steps = float(run.record.steps) if run.record.status in (FINISHED, DIVERGED) else math.nan
    return max(steps, float(run.record.planned_steps)) if run.record.planned_steps else steps


def _diverged(run: Run) -> float:
    return math.nan if run.record.status == records.FAILED else float(run.record.status == DIVERGED)


def _loss_fluctuation(run: Run) -> float:
    losses = run.curve("train", "batch_loss")
    if len(losses) < 8:
        return math.nan
    half = losses.iloc[len(losses) // 2 :]
    line = np.polyval(np.polyfit(half.index, half, 1), half.index)
    fall = float(losses.iloc[0] - half.mean())
    return float((half - line).std(ddof=2) / fall) if fall > 0 else math.nan


def _distance_to_best_loss(run: Run) -> float:
    losses = run.curve("train", "loss")
    if len(losses) < 5:
        return math.nan
    last = losses.iloc[-max(2, len(losses) // 5) :]
    fall = float(losses.iloc[0] - losses.min())
    return float((last.mean() - losses.min()) / fall) if fall > 0 else math.nan


def _gradient_ratio(run: Run, start: bool) -> float:
    norms = run.hidden_layers("gradient_norm")
    if not len(norms) or norms.shape[1] < 2:
        return math.nan
    norms = norms.iloc[:1] if start else norms.iloc[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.log(norms.iloc[:, 0].to_numpy() / norms.iloc[:, -1].to_numpy())
    # a gradient that underflowed to zero: float32's smallest number stands for it
    ratios = np.where(np.isneginf(ratios), math.log(np.finfo(np.float32).tiny), ratios)
    return float(np.exp(np.nanmean(ratios))) if np.isfinite(ratios).any() else math.nan


def _gradient_ratio_per_layer(run: Run) -> float:
    layers = run.hidden_layers("gradient_norm").shape[1]
    ratio = _gradient_ratio(run, start=True)
    return ratio ** (1 / (layers - 1)) if layers > 1 and ratio > 0 else math.nan


def _dead_share(run: Run) -> float:
    table = run.hidden_layers("validation_dead_share")
    if len(table):
        return float(table.iloc[-1].mean())
    # what looks into activations writes no such share for one that is never exactly zero
    return 0.0 if len(run.layers("activation_mean")) else math.nan


def _activation_std_ratio(run: Run) -> float:
    table = run.hidden_layers("activation_std").to_numpy(dtype=float)
    if not len(table) or table.shape[1] < 2 or not table[0, 0] > 0:
        return math.nan
    return max(float(table[0, -1] / table[0, 0]), float(np.finfo(np.float32).tiny))


def _early_gradient_norm(run: Run) -> float:
    table = run.layers("gradient_norm")
    early = table.loc[table.index <= 200]
    return float(early["all"].mean()) if len(early) and "all" in early else math.nan


def _weight_norm(run: Run) -> float:
    table = run.layers("weight_norm")
    return float(table["all"].iloc[-1]) if len(table) and "all" in table else math.nan


MEASURES = {
    "diverged": Measure(
        "share of runs whose loss or weights became infinite or NaN", _diverged, is_share=True
    ),
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
        "gradient norm of the first hidden layer over that of the last one, at the first step",
        functools.partial(_gradient_ratio, start=True),
    ),
    "gradient_ratio_in_training": Measure(
        "the same ratio after the first step: its geometric mean",
        functools.partial(_gradient_ratio, start=False),
    ),
    "gradient_ratio_per_layer": Measure(
        "factor by which the gradient's norm changes from one hidden layer to the one before it, at the "
        "first step",
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
