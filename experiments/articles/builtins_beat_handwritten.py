"""The articles' hand-written functions against torch's: do they run, do they overflow, how fast are they.

They are kept as source text, as printed: some do not run at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import QUICK_REPETITIONS, REPETITIONS, alternating, geometric_mean, ratios

_PRINTED = {
    "relu": "lambda x, y: max(0, x)",
    "sigmoid": "lambda x, y: 1 / (1 + torch.exp(-x))",
    "tanh": "lambda x, y: (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))",
    "mse": "lambda x, y: (1 / n) * torch.sum((x - y) ** 2)",
    "cross_entropy": (
        "lambda x, y: -torch.sum(y * torch.log(torch.exp(x) / torch.exp(x).sum(dim=1, "
        "keepdim=True))) / len(x)"
    ),
}
# The probable meaning of those that do not run.
_REPAIRED = {
    "relu": "lambda x, y: torch.max(torch.zeros_like(x), x)",
    "mse": "lambda x, y: (1 / x.numel()) * torch.sum((x - y) ** 2)",
}
_BUILT_IN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "relu": lambda x, y: torch.relu(x),
    "sigmoid": lambda x, y: torch.sigmoid(x),
    "tanh": lambda x, y: torch.tanh(x),
    "mse": functional.mse_loss,
    "cross_entropy": functional.cross_entropy,
}
_SIZES = (1.0, 10.0, 50.0, 80.0, 89.0, 100.0, 1000.0)
_BATCH, _WIDTH = 256, 128


def measure(quick: bool) -> CheckResult:
    """Whether each runs, and its time, on (256, 128) float32; whether it is finite at ±1 to ±1000."""
    repetitions, budget = (QUICK_REPETITIONS, 0.15) if quick else (REPETITIONS, 3.0)
    generator = torch.Generator().manual_seed(0)
    inputs, values = (torch.randn(_BATCH, _WIDTH, generator=generator) for _ in range(2))
    quantities: dict[str, float | list[float]] = {}
    ran: list[list[str | float | int | bool]] = []
    speed: list[list[str | float | int | bool]] = []
    finite: list[list[str | float | int | bool]] = []
    for name, source in _PRINTED.items():
        target = _target(name, inputs, values)
        printed = _compiled(source)
        outcome = _try(printed, inputs, target)
        quantities[f"{name}_as_printed_runs"] = float(outcome == "runs")
        working = _compiled(_REPAIRED.get(name, source))
        built_in = _BUILT_IN[name]
        indices = target.argmax(dim=1) if name == "cross_entropy" else target
        difference = float((working(inputs, target) - built_in(inputs, indices)).abs().max())
        ran.append([name, source.removeprefix("lambda x, y: "), outcome, difference])
        times = alternating(
            {"hand": _step(working, inputs, target), "torch": _step(built_in, inputs, indices)},
            repetitions,
            budget,
        )
        over = ratios(times["hand"], times["torch"])
        quantities[f"{name}_hand_over_torch"] = over
        quantities[f"{name}_difference"] = difference
        speed.append(
            [
                name,
                1e6 * geometric_mean(times["hand"]),
                1e6 * geometric_mean(times["torch"]),
                geometric_mean(over),
            ]
        )
        good = [_finite(working, name, size) for size in _SIZES]
        reference = [_finite(built_in, name, size) for size in _SIZES]
        quantities[f"{name}_finite_share"] = sum(good) / len(good)
        quantities[f"{name}_torch_finite_share"] = sum(reference) / len(reference)
        finite.append([name, _listed(good), _listed(reference)])
    return CheckResult(
        quantities=quantities,
        tables=[
            Table("As printed", ["function", "source", "outcome", "repaired: difference from torch"], ran),
            Table(
                "Value and gradient for 256 × 128 inputs, float32, one CPU thread, repaired if necessary",
                ["function", "by hand, µs", "torch, µs", "ratio"],
                speed,
            ),
            Table(
                "Sizes ±x of the inputs at which value or gradient is not finite",
                ["function", "by hand", "torch"],
                finite,
            ),
        ],
        notes=[
            "max(0, x) asks whether a tensor of several elements is larger than 0, which torch refuses; "
            "the printed MSE uses an n that is never defined.",
            "exp overflows in float32 above 88: infinity over infinity is NaN, in the value or the gradient.",
        ],
    )


def _compiled(source: str) -> Callable[[Tensor, Tensor], Tensor]:
    function: Callable[[Tensor, Tensor], Tensor] = eval(source, {"torch": torch})
    return function


def _target(name: str, inputs: Tensor, values: Tensor) -> Tensor:
    if name != "cross_entropy":
        return values
    classes = torch.arange(len(inputs)) % inputs.shape[1]
    return functional.one_hot(classes, inputs.shape[1]).to(inputs.dtype)


def _try(function: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, target: Tensor) -> str:
    try:
        function(inputs, target)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return "runs"


def _step(function: Callable[[Tensor, Tensor], Tensor], inputs: Tensor, target: Tensor) -> Callable[[], Any]:
    leaf = inputs.clone().requires_grad_()
    return lambda: torch.autograd.grad(function(leaf, target).sum(), leaf)


def _finite(function: Callable[[Tensor, Tensor], Tensor], name: str, size: float) -> bool:
    """Whether value and gradient are finite at inputs of both signs."""
    inputs = torch.tensor([[size, -size, 0.0], [-size, size, 0.0]]).requires_grad_()
    target = _target(name, inputs, torch.zeros_like(inputs))
    if name == "cross_entropy" and function is _BUILT_IN[name]:
        target = target.argmax(dim=1)
    value = function(inputs, target)
    (slope,) = torch.autograd.grad(value.sum(), inputs)
    return bool(value.isfinite().all()) and bool(slope.isfinite().all())


def _listed(good: list[bool]) -> str:
    bad = [f"{size:g}" for size, fine in zip(_SIZES, good, strict=True) if not fine]
    return ", ".join(bad) or "none"
