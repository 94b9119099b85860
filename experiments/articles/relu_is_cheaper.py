"""Time of ReLU, sigmoid and tanh: forward and backward with autograd, and forward alone."""

from __future__ import annotations

from collections.abc import Callable

import torch

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import (
    alternating,
    geometric_mean,
    how_repeated,
    median_ratio,
    over_processes,
)

_FUNCTIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
_ELEMENTS = {
    "batch": 64 * 128,
    "large": 1_000_000,
}  # a batch in the default network's hidden layer; a large one


def measure(quick: bool) -> CheckResult:
    """Ratios to ReLU's times on float32 tensors, one thread; the functions take turns in each process."""
    quantities = over_processes(once, quick)
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Time relative to ReLU's, float32, one CPU thread",
                ["elements", "function", "forward and backward", "forward alone"],
                [
                    [
                        elements,
                        name,
                        geometric_mean(quantities[f"{size}_{name}_over_relu"]),
                        geometric_mean(quantities[f"{size}_{name}_over_relu_forward"]),
                    ]
                    for size, elements in _ELEMENTS.items()
                    for name in ("sigmoid", "tanh")
                ],
            )
        ],
        notes=[
            "With a million elements the speed of the memory matters more than the arithmetic.",
            how_repeated(quick),
        ],
    )


def once(quick: bool) -> dict[str, float]:
    """The ratios in this process."""
    found = {}
    for size, elements in _ELEMENTS.items():
        for suffix, work in (("", _with_gradients), ("_forward", _forward)):
            times = alternating({name: work(name, elements) for name in _FUNCTIONS}, quick)
            for name in ("sigmoid", "tanh"):
                found[f"{size}_{name}_over_relu{suffix}"] = median_ratio(times[name], times["relu"])
    return found


def _forward(name: str, elements: int) -> Callable[[], object]:
    inputs, function = _inputs(elements), _FUNCTIONS[name]
    return lambda: function(inputs)


def _with_gradients(name: str, elements: int) -> Callable[[], object]:
    leaf, function = _inputs(elements).requires_grad_(), _FUNCTIONS[name]
    slope = torch.ones_like(leaf)
    return lambda: torch.autograd.grad(function(leaf), leaf, slope)


def _inputs(elements: int) -> torch.Tensor:
    return torch.randn(elements, generator=torch.Generator().manual_seed(0))
