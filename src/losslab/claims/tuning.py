"""What a claim's tuning runs found, and the point of the grid that each arm is reported at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from losslab.claims import measures, stages
from losslab.claims.keys import Grid
from losslab.claims.margins import SCORES
from losslab.claims.schema import Claim
from losslab.claims.stages import Cell, Point
from losslab.claims.verdict import TunedPoint
from losslab.records import DIVERGED

Results = Mapping[Cell, Mapping[Point, TunedPoint]]


def results(claim: Claim, given: Sequence[str], runs: pd.DataFrame) -> Results:
    """The result of each point of a tuned cell's grid; `given`: overrides of the command line."""
    return {
        cell: {
            point: _point(point, of_cell(cell, runs), claim.tune_by)
            for point in stages.points(claim, cell.condition, given)
        }
        for cell in stages.tuned_cells(claim, given)
    }


def chosen(claim: Claim, tuned: Results, runs: pd.DataFrame) -> dict[Cell, Point]:
    """The best point of each cell that has one."""
    best = {cell: _best(points, of_cell(cell, runs), claim.tune_by) for cell, points in tuned.items()}
    return {cell: point for cell, point in best.items() if point is not None}


def at_edge(grid: Grid, best: Point) -> list[str]:
    """Tuned keys whose best value is the first or last of at least three: better ones may lie beyond."""
    return [
        key for key, value in best if len(grid.get(key, [])) >= 3 and value in (grid[key][0], grid[key][-1])
    ]


def of_cell(cell: Cell, runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of a cell in a frame with a column `cell`."""
    return runs.loc[np.array([each == cell for each in runs["cell"]], dtype=bool)]


def _point(point: Point, runs: pd.DataFrame, tune_by: str | None) -> TunedPoint:
    """The validation metric of a cell's tuning runs at a point: `tune_by`, or else the primary one."""
    runs = runs.loc[np.array([each == point for each in runs["point"]], dtype=bool)]
    values: list[float] = []
    unknown = False
    if len(runs):
        counted = measures.outcomes_of(runs, f"validation.{tune_by or runs['metric'].iloc[0]}")
        values = counted.number.dropna().tolist()
        # a diverged run's untrained network has no number in a metric that only the end computes
        unknown = bool(counted.number[runs["status"] == DIVERGED].isna().any())
    return TunedPoint(
        point=dict(point),
        mean=float(np.mean(values)) if values and not unknown else None,
        values=values,
        diverged=int((runs["status"] == DIVERGED).sum()),
    )


def _best(points: Mapping[Point, TunedPoint], runs: pd.DataFrame, tune_by: str | None) -> Point | None:
    """The best mean, in the direction of the metric; the first of equals; None if no point has one."""
    means = {point: tuned.mean for point, tuned in points.items() if tuned.mean is not None}
    higher = tune_by in SCORES if tune_by else runs["higher_is_better"].all()
    best = max if higher else min
    return best(means, key=lambda point: means[point], default=None)
