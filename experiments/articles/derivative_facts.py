"""Derivatives of sigmoid, tanh and ReLU by autograd, and the centres of their outputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table

_FAR = 10.0


def measure(quick: bool) -> CheckResult:
    """On a grid from -100 to 100 that contains 0, in float64."""
    points = 2001 if quick else 2_000_001
    grid = torch.linspace(-100, 100, points, dtype=torch.float64)
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu}
    slopes = {name: _slope(function, grid) for name, function in functions.items()}
    tanh, relu, sigmoid = slopes["tanh"], slopes["ReLU"], slopes["sigmoid"]
    far = grid.abs() >= _FAR
    means = {name: float(function(grid).mean()) for name, function in functions.items()}
    return CheckResult(
        quantities={
            "sigmoid_derivative_max": float(sigmoid.max()),
            "tanh_derivative_min": float(tanh.min()),
            "tanh_derivative_max": float(tanh.max()),
            "tanh_derivative_far_from_zero": float(tanh[far].max()),
            "relu_derivative_share_0_or_1": float(((relu == 0) | (relu == 1)).double().mean()),
            "tanh_mean_output": means["tanh"],
            "sigmoid_mean_output": means["sigmoid"],
        },
        tables=[
            Table(
                f"Derivatives and mean outputs on {points} points from -100 to 100",
                [
                    "function",
                    "smallest",
                    "largest",
                    f"largest at |x| ≥ {_FAR:g}",
                    "derivative at 0",
                    "mean output",
                ],
                [
                    [
                        name,
                        float(slope.min()),
                        float(slope.max()),
                        float(slope[far].max()),
                        float(_slope(functions[name], torch.zeros(1, dtype=torch.float64))),
                        means[name],
                    ]
                    for name, slope in slopes.items()
                ],
            )
        ],
        notes=[
            "tanh' = 1 - tanh² is 1 only at zero and falls to 0 on both sides.",
            "ReLU has no derivative at 0; torch uses 0 there.",
        ],
    )


def _slope(function: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    leaf = points.clone().requires_grad_()
    function(leaf).sum().backward()
    assert leaf.grad is not None
    return leaf.grad
