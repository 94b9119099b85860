"""Derivatives of activations by autograd on a grid, and their mean outputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table

_FAR = 10.0


def on_grid(name: str, function: Callable[[Tensor], Tensor], note: str, quick: bool) -> CheckResult:
    """On a grid from -100 to 100 that contains 0, in float64."""
    points = 2001 if quick else 2_000_001
    grid = torch.linspace(-100, 100, points, dtype=torch.float64)
    slope = _slope(function, grid)
    quantities = {
        "smallest": float(slope.min()),
        "largest": float(slope.max()),
        "largest_far_from_zero": float(slope[grid.abs() >= _FAR].max()),
        "share_0_or_1": float(((slope == 0) | (slope == 1)).double().mean()),
        "at_zero": float(_slope(function, torch.zeros(1, dtype=torch.float64))),
        "mean_output": float(function(grid).mean()),
    }
    columns = [
        "smallest",
        "largest",
        f"largest at |x| ≥ {_FAR:g}",
        "share that is 0 or 1",
        "at 0",
        "mean output",
    ]
    return CheckResult(
        quantities={**quantities},
        tables=[
            Table(
                f"The derivative of {name} on {points} points from -100 to 100, and its mean output there",
                columns,
                [[*quantities.values()]],
            )
        ],
        notes=[note],
    )


def _slope(function: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    leaf = points.clone().requires_grad_()
    (slope,) = torch.autograd.grad(function(leaf).sum(), leaf)
    return slope
