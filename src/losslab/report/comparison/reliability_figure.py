"""Reliability diagram of a task's arms: how often predictions of each confidence are right.

The bins are those of the metric `expected_calibration_error`; records keep them, see `Record.reliability`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from losslab.comparison.result import Arm, TaskComparison
from losslab.records import Reliability
from losslab.report.comparison.looks import Look, chosen_arms, shortened

ERROR = "expected_calibration_error"
HEIGHT = 4.0  # inches of one task
MOST_TASKS = 12
NAMES = {"multiclass": ("confidence", "accuracy")}  # elsewhere probability and frequency of the event "yes"
OTHER_NAMES = ("predicted probability", "share that came true")


class Bins(NamedTuple):
    """Predictions of several runs together, by bin: (bins,) each; NaN where there are none."""

    counts: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def draw_reliability(tasks: Sequence[TaskComparison], looks: Mapping[str, Look]) -> Figure | None:
    """For each task that has bins: accuracy by confidence, and how many predictions have which confidence.

    The bins of an arm's runs are drawn together; its number is the mean of the runs' errors. None if no
    run has bins: its kind of target has no calibration error, or it was made by an older losslab.
    """
    drawn = [(task, found) for task in tasks[:MOST_TASKS] if (found := _of_arms(task))]
    if not drawn:
        return None
    figure = Figure(figsize=(9, HEIGHT * len(drawn)), layout="constrained")
    parts = figure.subfigures(len(drawn), 1, squeeze=False)[:, 0]
    for part, (task, arms) in zip(parts, drawn, strict=True):
        _draw_task(part, task, arms, looks)
    return figure


def pooled(runs: Sequence[Reliability]) -> Bins | None:
    """The bins of all runs together: as if their predictions were those of one run. None without runs."""
    if not runs:
        return None
    counts = np.array([run["counts"] for run in runs])
    total = counts.sum(axis=0)

    def mean(values: list[list[float | None]]) -> np.ndarray:
        sums = np.where(counts > 0, counts * np.array(values, dtype=float), 0.0).sum(axis=0)
        return np.divide(sums, total, out=np.full(len(total), np.nan), where=total > 0)

    return Bins(total, mean([run["confidence"] for run in runs]), mean([run["accuracy"] for run in runs]))


def axis_names(config: Mapping[str, Any]) -> tuple[str, str]:
    """What confidence and accuracy are called for the kind of target in this run's config."""
    return NAMES.get(config.get("task", {}).get("kind"), OTHER_NAMES)


def draw_bins(axes: Axes, bins: Bins, **style: Any) -> None:
    """Accuracy by confidence; the larger a point, the more predictions lie in its bin."""
    axes.plot(bins.confidence, bins.accuracy, linewidth=1, alpha=0.6, **style)
    areas = 8 + 250 * bins.counts / bins.counts.sum()
    axes.scatter(
        bins.confidence, bins.accuracy, areas, color=style["color"], alpha=0.75, linewidth=0, clip_on=False
    )


def draw_diagonal(axes: Axes) -> None:
    """What a calibrated network would have."""
    axes.plot([0, 1], [0, 1], color="#888888", linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def _of_arms(task: TaskComparison) -> list[tuple[Arm, Bins, float]]:
    """The arms that have bins, with their calibration error."""
    found = []
    for arm in chosen_arms(task):
        kept = arm.runs[[bool(bins.get("test")) for bins in arm.runs["reliability"]]]
        bins = pooled([run["test"] for run in kept["reliability"]])
        if bins is not None:
            errors = [metrics.get("test", {}).get(ERROR, math.nan) for metrics in kept["metrics"]]
            found.append((arm, bins, float(np.mean(errors))))
    return found


def _draw_task(
    figure: SubFigure,
    task: TaskComparison,
    arms: Sequence[tuple[Arm, Bins, float]],
    looks: Mapping[str, Look],
) -> None:
    diagram, amounts = figure.subplots(1, 2)
    draw_diagonal(diagram)
    edges = np.linspace(0, 1, len(arms[0][1].counts) + 1)
    for arm, bins, error in arms:
        look = looks[arm.label]
        style = {"color": look.colour, "linestyle": look.dash}
        # matplotlib leaves out labels that begin with an underscore
        draw_bins(diagram, bins, label=f"\u200b{shortened(arm.label)}: {error:.3f}", **style)
        amounts.stairs(bins.counts / bins.counts.sum(), edges, linewidth=1.4, **style)
    confidence, accuracy = axis_names(arms[0][0].runs["config"].iloc[0])
    diagram.set(xlabel=confidence, ylabel=accuracy)
    amounts.set(xlabel=confidence, ylabel="share of the predictions", yscale="log")
    diagram.set_title(f"{task.task}: reliability on test data", loc="left", fontsize=10, parse_math=False)
    amounts.set_title("predictions by bin", loc="left", fontsize=10)
    for axes in (diagram, amounts):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    legend = figure.legend(
        *diagram.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        fontsize=9,
        frameon=False,
        title="expected calibration error, mean over runs",
        title_fontsize=9,
    )
    for handle in legend.legend_handles:
        handle.set(alpha=1, linewidth=1.6)  # type: ignore[union-attr]
    for text in legend.get_texts():
        text.set_parse_math(False)
