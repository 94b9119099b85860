"""Cross-entropy of a softmax: its floor, its gradient at a confident mistake, and whether it overflows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope

_MARGINS = (0.0, 1.0, 5.0, 10.0, 20.0, 50.0)
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def measure(quick: bool) -> CheckResult:
    """Floors of 2, 10, 100 classes by optimisation; values at logits from 1e-3 to the largest number."""
    plain = packaged_loss("cross_entropy", "multiclass")
    twice = packaged_loss("cross_entropy_on_softmax", "multiclass")
    floors = {classes: _lowest(twice, classes, 60 if quick else 400) for classes in (2, 10, 100)}
    formulas = {classes: math.log(1 + (classes - 1) / math.e) for classes in floors}
    slopes = {
        margin: tuple(_slope_at_mistake(loss, margin) for loss in (plain, twice)) for margin in _MARGINS
    }
    ranges = {name: _non_finite(twice, dtype, 20 if quick else 200) for name, dtype in _DTYPES.items()}
    on_logits = {name: _non_finite(plain, dtype, 20 if quick else 200) for name, dtype in _DTYPES.items()}
    alone, with_softmax = slopes[20.0]
    return CheckResult(
        quantities={
            "non_finite_values": float(sum(bad for bad, _ in ranges.values())),
            "largest_gradient_ratio": max(second / first for first, second in slopes.values()),
            "gradient_at_mistake": with_softmax,
            "gradient_at_mistake_on_logits": alone,
            "loss_floor": floors[10],
            "loss_floor_by_formula": formulas[10],
        },
        tables=[
            Table(
                "Lowest loss that optimisation finds, against ln(1 + (K-1)/e)",
                ["classes", "found", "formula"],
                [[classes, floors[classes], formulas[classes]] for classes in floors],
            ),
            Table(
                "Norm of the gradient if one wrong class leads by a margin, 10 classes",
                ["margin", "on logits", "with a softmax in front"],
                [[margin, *pair] for margin, pair in slopes.items()],
            ),
            Table(
                "Non-finite values and gradients among batches of logits up to the type's largest number",
                ["type", "of", "with a softmax in front", "on logits"],
                [[name, count, bad, on_logits[name][0]] for name, (bad, count) in ranges.items()],
            ),
        ],
        notes=[
            f"With ten classes the loss cannot fall below {floors[10]:.4f}, ln(1 + 9/e), however good "
            "the network.",
            f"At a mistake by a margin of 20 the gradient is {with_softmax:.2g}, on logits {alone:.2g}: "
            "it vanishes, it does not explode.",
        ],
    )


def _lowest(loss: nn.Module, classes: int, steps: int) -> float:
    """The loss of one sample after Adam has optimised its logits from zero, in float64."""
    logits = torch.zeros(1, classes, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=1.0)
    value = loss(logits, torch.tensor([0]))
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss(logits, torch.tensor([0]))
        value.backward()
        optimizer.step()
    return float(value.detach())


def _slope_at_mistake(loss: nn.Module, margin: float) -> float:
    logits = torch.zeros(1, 10, dtype=torch.float64)
    logits[0, 1] = margin
    return float(value_and_slope(loss, logits, torch.tensor([0]))[1].norm())


def _non_finite(loss: nn.Module, dtype: torch.dtype, draws: int) -> tuple[int, int]:
    """The number of values and gradients that are not finite, and their total number."""
    generator = torch.Generator().manual_seed(0)
    largest = math.log10(torch.finfo(dtype).max)
    bad = count = 0
    for exponent in torch.linspace(-3, largest - 1e-3, draws, dtype=torch.float64).tolist():
        signs = torch.rand(16, 10, generator=generator, dtype=torch.float64) * 2 - 1
        signs /= signs.abs().max()
        targets = torch.randint(10, (16,), generator=generator)
        value, slope = value_and_slope(loss, (10**exponent * signs).to(dtype), targets)
        bad += _count(value) + _count(slope)
        count += value.numel() + slope.numel()
    return bad, count


def _count(values: Tensor) -> int:
    return int((~values.isfinite()).sum())
