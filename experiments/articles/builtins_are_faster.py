"""torch's activations and losses against hand-written ones: how fast, and where they are finite.

The hand-written ones are those of the articles. Where they print one that does not run, or that computes
something else (see handwritten_code_runs), it is the nearest one that does what it should.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.handwritten import CrossEntropy, Sigmoid, Tanh
from losslab.claims.tools.timing import (
    alternating,
    geometric_mean,
    how_repeated,
    median_ratio,
    over_processes,
)

Function = Callable[[Tensor, Tensor], Tensor]  # of an input and a target, which activations ignore

_sigmoid, _tanh, _cross_entropy = Sigmoid(), Tanh(), CrossEntropy()
_BY_HAND: dict[str, Function] = {
    "relu": lambda x, y: torch.max(torch.zeros_like(x), x),
    "sigmoid": lambda x, y: _sigmoid(x),
    "tanh": lambda x, y: _tanh(x),
    "swish": lambda x, y: x * torch.sigmoid(x),  # S1, line 103
    "mse": lambda x, y: torch.mean((x - y) ** 2),  # S5, line 90
    "cross_entropy": lambda x, y: _cross_entropy(x, y),
}
_BUILT_IN: dict[str, Function] = {
    "relu": lambda x, y: torch.relu(x),
    "sigmoid": lambda x, y: torch.sigmoid(x),
    "tanh": lambda x, y: torch.tanh(x),
    "swish": lambda x, y: functional.silu(x),
    "mse": functional.mse_loss,
    "cross_entropy": functional.cross_entropy,
}
_SIZES = (1.0, 10.0, 50.0, 80.0, 89.0, 100.0, 1000.0)
_BATCH, _WIDTH = 256, 128


def measure(quick: bool) -> CheckResult:
    """Times on (256, 128) float32, one thread; whether value and gradient are finite at ±1 to ±1000."""
    times = over_processes(once, quick)
    inputs = _inputs()
    quantities: dict[str, float | list[float]] = {**times}
    rows: list[list[str | float | int | bool]] = []
    for name, by_hand in _BY_HAND.items():
        target, built_in = _target(name, inputs), _BUILT_IN[name]
        difference = float((by_hand(inputs, target) - built_in(inputs, target)).abs().max())
        lost = [size for size in _SIZES if not _finite(by_hand, name, size)]
        lost_by_torch = [size for size in _SIZES if not _finite(built_in, name, size)]
        quantities[f"{name}_difference"] = difference
        quantities[f"{name}_built_in_finite_share"] = 1 - len(lost_by_torch) / len(_SIZES)
        ratio = geometric_mean(times[f"{name}_by_hand_over_built_in"])
        rows.append([name, ratio, difference, _listed(lost), _listed(lost_by_torch)])
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "By hand against built in, value and gradient of 256 × 128 inputs, float32, one CPU thread",
                ["function", "time by hand / built in", "difference", "not finite at ±x by hand", "built in"],
                rows,
            )
        ],
        notes=[
            "S4's cross-entropy by hand is made of two of torch's own functions, log_softmax and nll_loss.",
            how_repeated(quick),
        ],
    )


def once(quick: bool) -> dict[str, float]:
    """The ratios of the times in this process."""
    inputs = _inputs()
    found = {}
    for name, by_hand in _BY_HAND.items():
        target = _target(name, inputs)
        times = alternating(
            {"by_hand": _step(by_hand, inputs, target), "built_in": _step(_BUILT_IN[name], inputs, target)},
            quick,
        )
        found[f"{name}_by_hand_over_built_in"] = median_ratio(times["by_hand"], times["built_in"])
    return found


def _inputs() -> Tensor:
    return torch.randn(_BATCH, _WIDTH, generator=torch.Generator().manual_seed(0))


def _target(name: str, inputs: Tensor) -> Tensor:
    if name == "cross_entropy":
        return torch.arange(len(inputs)) % inputs.shape[1]
    return torch.zeros_like(inputs)


def _step(function: Function, inputs: Tensor, target: Tensor) -> Callable[[], object]:
    leaf = inputs.clone().requires_grad_()
    slope = torch.ones_like(function(inputs, target))
    return lambda: torch.autograd.grad(function(leaf, target), leaf, slope)


def _finite(function: Function, name: str, size: float) -> bool:
    """Whether value and gradient are finite at inputs of both signs."""
    inputs = torch.tensor([[size, -size, 0.0], [-size, size, 0.0]]).requires_grad_()
    value = function(inputs, _target(name, inputs))
    (slope,) = torch.autograd.grad(value.sum(), inputs)
    return bool(value.isfinite().all()) and bool(slope.isfinite().all())


def _listed(sizes: list[float]) -> str:
    return ", ".join(f"{size:g}" for size in sizes) or "none"
