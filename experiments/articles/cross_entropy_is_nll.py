"""CrossEntropyLoss against LogSoftmax with NLLLoss, in two number types."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network
from losslab.claims.tools.packaged import packaged_loss, value_and_slope
from losslab.tasks.sources.scikit_learn import digits

_TYPES = {"float32": torch.float32, "float64": torch.float64}
_SCALES = (0.1, 1.0, 10.0, 100.0)
_CLASSES = 10


def measure(quick: bool) -> CheckResult:
    """Random logits (64, 10) of several scales, and two networks trained on scikit-learn's digits."""
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    for name, dtype in _TYPES.items():
        generator = torch.Generator().manual_seed(0)
        worst = [0.0, 0.0]
        for scale in _SCALES:
            of_scale = [0.0, 0.0]
            for _ in range(5 if quick else 50):
                logits = scale * torch.randn(64, _CLASSES, generator=generator, dtype=dtype)
                targets = torch.randint(_CLASSES, (64,), generator=generator)
                weight = torch.rand(_CLASSES, generator=generator, dtype=dtype) + 0.1
                of_scale = [
                    max(pair) for pair in zip(of_scale, _differences(logits, targets, weight), strict=True)
                ]
            rows.append([name, scale, *of_scale])
            worst = [max(pair) for pair in zip(worst, of_scale, strict=True)]
        quantities[f"{name}_value_difference"], quantities[f"{name}_gradient_difference"] = worst
        quantities[f"{name}_curve_difference"] = _curve_difference(dtype, 50 if quick else 300)
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Largest difference, relative to max(1, the size of the number)",
                ["type", "scale of the logits", "value", "gradient"],
                rows,
            )
        ],
        notes=[
            "torch computes cross_entropy by log_softmax and nll_loss itself.",
            "The networks have one hidden layer and are trained by SGD at a learning rate of 0.5.",
        ],
    )


def _differences(logits: Tensor, targets: Tensor, weight: Tensor) -> tuple[float, float]:
    """The largest of the values and of the gradients, over the options of the two losses."""
    found = []
    options: list[dict[str, Any]] = [
        *({"reduction": word} for word in ("mean", "sum", "none")),
        {"weight": weight},
        {"ignore_index": 0},
    ]
    for option in options:
        pair = nn.LogSoftmax(dim=1), nn.NLLLoss(**option)
        other = value_and_slope(lambda z, y, pair=pair: pair[1](pair[0](z), y), logits, targets)
        exact = value_and_slope(nn.CrossEntropyLoss(**option), logits, targets)
        found.append([_relative(one, two) for one, two in zip(other, exact, strict=True)])
    values, slopes = zip(*found, strict=True)
    return max(values), max(slopes)


def _relative(value: Tensor, exact: Tensor) -> float:
    return float(((value - exact).abs() / exact.abs().clamp(min=1)).max())


def _curve_difference(dtype: torch.dtype, steps: int) -> float:
    """The largest difference between the losses of two trainings from the same weights, at any step."""
    raw = digits()
    assert raw.inputs is not None
    inputs, targets = raw.inputs.to(dtype), raw.targets
    curves = []
    for name in ("cross_entropy", "nll"):
        loss = packaged_loss(name, "multiclass")
        model = network("mlp", "relu", tuple(inputs.shape[1:]), _CLASSES, seed=0, hidden=[32]).to(dtype)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            value = loss(model(inputs), targets)
            value.backward()
            optimizer.step()
            losses.append(value.detach())
        curves.append(torch.stack(losses))
    return float((curves[0] - curves[1]).abs().max())
