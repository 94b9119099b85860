"""Gradient norms by layer, all arms on one figure: vanishing and exploding with depth at a glance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from losslab.comparison.result import Arm, TaskComparison
from losslab.look.measurements import load_measurements
from losslab.report.comparison.looks import Look, chosen_arms, shortened


def draw_gradient_norms(task: TaskComparison, looks: Mapping[str, Look]) -> Figure | None:
    """At the first step and late in training; None if no run has diagnostics.

    A line is the median over the arm's runs; late is the median over the measurements in a run's second half.
    """
    drawn = [(arm, gradient_norms(arm)) for arm in chosen_arms(task)]
    drawn = [(arm, norms) for arm, norms in drawn if not norms.empty]
    if not drawn:
        return None
    figure = Figure(figsize=(9, 3.8 + 0.25 * math.ceil(len(drawn) / 2)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, moment in zip(panels, ("first", "late"), strict=True):
        for arm, norms in drawn:
            _draw(axes, arm, norms[norms["moment"] == moment], looks[arm.label])
        axes.set_yscale("log")
        axes.set_xlabel("layer, counted from the input")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("gradient norm of the weights")
    panels[0].set_title(f"{task.task}: at step 1", loc="left", fontsize=10, parse_math=False)
    panels[1].set_title("median over the second half of training", loc="left", fontsize=10)
    handles, labels = panels[0].get_legend_handles_labels()
    legend = figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def gradient_norms(arm: Arm) -> pd.DataFrame:
    """One row per moment ("first", "late") and layer (from 1): the median norm over the arm's runs.

    Without rows if no run of the arm has diagnostics.
    """
    return _medians(pd.concat([_of_run(Path(folder)) for folder in arm.runs["folder"]]))


def _of_run(folder: Path) -> pd.DataFrame:
    """One run's norms; without rows if diagnostics were off."""
    table = load_measurements(folder).rename(columns={"value": "norm"})
    measured = (table["quantity"] == "gradient_norm") & np.isfinite(table["norm"]) & (table["norm"] > 0)
    norms = table[measured & table["layer"].str.fullmatch(r"layer_\d+").eq(True)]
    norms = norms.assign(layer=norms["layer"].str.removeprefix("layer_").astype(int))
    first = norms[norms["step"] == norms["step"].min()].assign(moment="first")
    late = norms[norms["step"] > norms["step"].max() / 2].assign(moment="late")
    return _medians(pd.concat([first, late]))


def _medians(norms: pd.DataFrame) -> pd.DataFrame:
    return norms.groupby(["moment", "layer"])[["norm"]].median().reset_index()


def _draw(axes: Axes, arm: Arm, norms: pd.DataFrame, look: Look) -> None:
    axes.plot(
        norms["layer"].to_numpy(),
        norms["norm"].to_numpy(),
        marker="o",
        markersize=4,
        color=look.colour,
        linestyle=look.dash,
        label=f"\u200b{shortened(arm.label)}",  # matplotlib leaves out labels that begin with an underscore
    )
