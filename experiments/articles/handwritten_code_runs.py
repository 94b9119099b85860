"""S4's hand-written functions, run exactly as printed, against torch's."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools import handwritten
from losslab.errors import first_line

_PRINTED: dict[str, tuple[nn.Module, Callable[..., Tensor]]] = {
    "relu": (handwritten.Relu(), torch.relu),
    "sigmoid": (handwritten.Sigmoid(), torch.sigmoid),
    "tanh": (handwritten.Tanh(), torch.tanh),
    "mse": (handwritten.MSE(), functional.mse_loss),
    "cross_entropy": (handwritten.CrossEntropy(), functional.cross_entropy),
}
_SIZES = (1.0, 10.0, 50.0, 80.0, 89.0, 100.0, 1000.0)
_ROUNDING = 1e-6


def measure(quick: bool) -> CheckResult:
    """On inputs of the shapes that S4 prints, then at ±1 to ±1000, in float32; the same if quick."""
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    for name, (printed, right) in _PRINTED.items():
        outcome, difference, ratio = _compared(printed, right, _printed_inputs(name))
        finite = {size: _finite(printed, name, size) for size in _SIZES}
        quantities[f"{name}_runs"] = float(outcome == "runs")
        quantities[f"{name}_agrees"] = float(difference <= _ROUNDING)
        for place, part in enumerate(("value", "gradient")):
            share = sum(both[place] for both in finite.values()) / len(_SIZES)
            quantities[f"{name}_{part}_finite_share"] = share
        lost = [
            ", ".join(f"{size:g}" for size, both in finite.items() if not both[place]) or "none"
            for place in (0, 1)
        ]
        rows.append([name, outcome, difference, ratio, *lost])
        if name == "mse":
            quantities["mse_over_torch"] = ratio
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "As printed, float32",
                ["function", "outcome", "difference from torch", "value / torch's",
                 "value not finite at ±x", "gradient not finite at ±x"],
                rows,
            )
        ],
        notes=[
            "torch.max does not take the number 0 in the place of a tensor.",
            "The printed MSE divides the sum over all entries of its (10, 2) inputs by the number of rows.",
            "exp overflows in float32 above 88: infinity over infinity is NaN, in tanh's value and in the "
            "gradients of both.",
        ],
    )  # fmt: skip


def _printed_inputs(name: str) -> tuple[Tensor, ...]:
    """Of the shapes that S4 prints: (1, 2) for activations, (10, 2) for losses."""
    generator = torch.Generator().manual_seed(0)
    if name == "mse":
        return tuple(torch.randn(handwritten.n, 2, generator=generator) for _ in range(2))
    if name == "cross_entropy":
        return torch.randn(10, 2, generator=generator), torch.randint(0, 2, (10,), generator=generator)
    return (torch.randn(1, 2, generator=generator),)


def _compared(
    printed: nn.Module, right: Callable[..., Tensor], inputs: tuple[Tensor, ...]
) -> tuple[str, float, float]:
    """ "runs" or the error, the largest difference from torch's values, and their largest ratio."""
    expected = right(*inputs)
    try:
        found = printed(*inputs)
    except TypeError as error:
        return f"TypeError: {first_line(error)}", float("inf"), float("nan")
    return "runs", float((found - expected).abs().max()), float((found / expected).max())


def _finite(printed: nn.Module, name: str, size: float) -> tuple[bool, bool]:
    """Whether the value and the gradient are finite at inputs of both signs; neither if it does not run."""
    inputs = torch.tensor([[size, -size, 0.0], [-size, size, 0.0]]).requires_grad_()
    target = {"mse": [torch.zeros_like(inputs)], "cross_entropy": [torch.tensor([1, 0])]}.get(name, [])
    try:
        value = printed(inputs, *target)
    except TypeError:
        return False, False
    (slope,) = torch.autograd.grad(value.sum(), inputs)
    return bool(value.isfinite().all()), bool(slope.isfinite().all())
