"""Reliability diagrams of a claim for its page, where its predictions are about the calibration error."""

from __future__ import annotations

import math
from pathlib import Path

from losslab import records
from losslab.claims.conditions import spoken
from losslab.claims.verdict import ArmResult, Verdict
from losslab.records import Record, RecordError
from losslab.report.claims.figures import Picture, blank_axes, by_condition, legends, picture_of
from losslab.report.claims.words import finite, spoken_metrics
from losslab.report.comparison.reliability_figure import (
    ERROR,
    axis_names,
    draw_bins,
    draw_diagonal,
    pooled,
)
from losslab.report.svg import style


def reliability_pictures(verdict: Verdict, folder: Path) -> list[Picture]:
    """Accuracy by confidence, one figure per condition; the caption has each arm's calibration error.

    Args:
        folder: the claim's, which `ArmResult.runs` are relative to. Missing runs, and those of an older
            losslab, which have no bins, are not drawn.
    """
    drawn = legends(verdict)
    pictures = []
    for condition, arms in by_condition(verdict).items():
        if ERROR not in spoken_metrics(verdict, arms):
            continue
        with_bins = [(arm, found) for arm in arms if (found := _with_bins(arm, folder))]
        if not with_bins:
            continue
        figure, axes = blank_axes(*axis_names(with_bins[0][1][0].config))
        draw_diagonal(axes)
        errors = []
        for arm, found in with_bins:
            bins, legend = pooled([record.reliability["test"] for record in found]), drawn[arm.arm]
            assert bins is not None  # there are runs
            draw_bins(axes, bins, color=legend.colour, linestyle=legend.dash)
            error = arm.metrics[ERROR].mean if ERROR in arm.metrics else None
            errors.append(f"{arm.arm} {finite(error, math.nan):.3f}")
        style(axes)
        where = f"{spoken(condition)}: " if condition else ""
        caption = f"{where}reliability on test data; calibration error: {', '.join(errors)}"
        pictures.append(picture_of(figure, caption, f"{verdict.claim} {condition} reliability"))
    return pictures


def _with_bins(arm: ArmResult, folder: Path) -> list[Record]:
    found = []
    for run in arm.runs:
        try:
            record = records.load(folder / run)
        except RecordError:
            continue
        if "test" in record.reliability:
            found.append(record)
    return found
