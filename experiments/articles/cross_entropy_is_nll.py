"""Cross-entropy against log-softmax with NLL, and against softmax with NLL."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope

_SCALES = (0.1, 1.0, 10.0, 100.0)
_CLASSES, _MARGIN = 10, 20.0


def measure(quick: bool) -> CheckResult:
    """Values and gradients in float64, over random logits (64, 10) of several scales."""
    generator = torch.Generator().manual_seed(0)
    draws = 5 if quick else 50
    worst = {"log_softmax + NLL": [0.0, 0.0], "softmax + NLL": [0.0, 0.0]}
    rows: list[list[str | float | int | bool]] = []
    for scale in _SCALES:
        at_scale = {name: [0.0, 0.0] for name in worst}
        for _ in range(draws):
            logits = scale * torch.randn(64, _CLASSES, generator=generator, dtype=torch.float64)
            targets = torch.randint(_CLASSES, (64,), generator=generator)
            weight = torch.rand(_CLASSES, generator=generator, dtype=torch.float64) + 0.1
            for options in _options(weight):
                exact = value_and_slope(nn.CrossEntropyLoss(**options), logits, targets)
                for name, activate in (
                    ("log_softmax + NLL", functional.log_softmax),
                    ("softmax + NLL", functional.softmax),
                ):
                    nll = nn.NLLLoss(**options)
                    other = value_and_slope(
                        lambda z, y, nll=nll, activate=activate: nll(activate(z, dim=1), y), logits, targets
                    )
                    for part in (0, 1):
                        difference = _relative(other[part], exact[part])
                        at_scale[name][part] = max(at_scale[name][part], difference)
        for name, (value, slope) in at_scale.items():
            rows.append([name, scale, value, slope])
            worst[name] = [max(worst[name][0], value), max(worst[name][1], slope)]
    mistake = torch.zeros(1, _CLASSES)
    mistake[0, 1] = _MARGIN
    slopes = {
        name: float(value_and_slope(packaged_loss(name, "multiclass"), mistake, torch.tensor([0]))[1].norm())
        for name in ("cross_entropy", "nll", "nll_on_softmax")
    }
    return CheckResult(
        quantities={
            "value_difference": worst["log_softmax + NLL"][0],
            "gradient_difference": worst["log_softmax + NLL"][1],
            "softmax_nll_value_difference": worst["softmax + NLL"][0],
            "softmax_nll_gradient_difference": worst["softmax + NLL"][1],
            "gradient_at_mistake_cross_entropy": slopes["cross_entropy"],
            "gradient_at_mistake_softmax_nll": slopes["nll_on_softmax"],
        },
        tables=[
            Table(
                "Largest difference from cross-entropy, relative to max(1, its size), float64",
                ["form", "scale of the logits", "value", "gradient"],
                rows,
            ),
            Table(
                f"Gradient's norm where a wrong class leads by {_MARGIN:g}, one sample",
                ["loss", "norm"],
                [[name, slope] for name, slope in slopes.items()],
            ),
        ],
        notes=[
            "Compared with and without class weights, for the reductions mean, sum and none, and with "
            "an ignored class.",
            "NLLLoss takes log-probabilities. On probabilities it is -p of the true class, never "
            f"below -1; its gradient at a confident mistake is {slopes['nll_on_softmax']:.2g} where "
            f"cross-entropy's is {slopes['cross_entropy']:.2g}.",
        ],
    )


def _options(weight: Tensor) -> list[dict[str, Any]]:
    return [
        {"reduction": "mean"},
        {"reduction": "sum"},
        {"reduction": "none"},
        {"weight": weight},
        {"ignore_index": 0},
    ]


def _relative(value: Tensor, exact: Tensor) -> float:
    return float(((value - exact).abs() / exact.abs().clamp(min=1)).max())
