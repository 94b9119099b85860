"""Time of ReLU, sigmoid and tanh, forward and backward."""

from __future__ import annotations

from collections.abc import Callable

import torch

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import QUICK_REPETITIONS, REPETITIONS, alternating, geometric_mean, ratios

_FUNCTIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
_ELEMENTS = (64 * 128, 1_000_000)  # a batch in the default network's hidden layer, and a large tensor


def measure(quick: bool) -> CheckResult:
    """Medians on float32 tensors, one thread; the functions take turns."""
    repetitions, budget = (QUICK_REPETITIONS, 0.1) if quick else (REPETITIONS, 2.0)
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    for elements in _ELEMENTS:
        forward = alternating({name: _forward(name, elements) for name in _FUNCTIONS}, repetitions, budget)
        backward = alternating({name: _backward(name, elements) for name in _FUNCTIONS}, repetitions, budget)
        for direction, times in (("forward", forward), ("backward", backward)):
            for name, seconds in times.items():
                over = ratios(seconds, times["relu"])
                rows.append(
                    [
                        elements,
                        direction,
                        name,
                        1e9 * geometric_mean(seconds) / elements,
                        geometric_mean(over),
                    ]
                )
                if name != "relu":
                    size = "batch" if elements == _ELEMENTS[0] else "large"
                    quantities[f"{name}_over_relu_{direction}_{size}"] = over
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Time per element, float32, one CPU thread",
                ["elements", "direction", "function", "nanoseconds", "relative to ReLU"],
                rows,
            )
        ],
        notes=[
            f"Small is a batch of 64 in 128 units, {_ELEMENTS[0]} elements; large is {_ELEMENTS[1]} "
            "elements, where the speed of the memory matters more than the arithmetic.",
        ],
    )


def _forward(name: str, elements: int) -> Callable[[], object]:
    inputs, function = _inputs(elements), _FUNCTIONS[name]
    return lambda: function(inputs)


def _backward(name: str, elements: int) -> Callable[[], object]:
    leaf = _inputs(elements).requires_grad_()
    outputs = _FUNCTIONS[name](leaf)
    slope = torch.ones_like(outputs)
    return lambda: torch.autograd.grad(outputs, leaf, slope, retain_graph=True)


def _inputs(elements: int) -> torch.Tensor:
    return torch.randn(elements, generator=torch.Generator().manual_seed(0))
