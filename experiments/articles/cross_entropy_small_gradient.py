"""Cross-entropy's gradient with respect to the logits as the true class's probability goes to zero."""

from __future__ import annotations

import math

import torch

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope

_PROBABILITIES = (0.99, 0.9, 0.5, 0.1)
_SMALL = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_CLASSES = 10


def measure(quick: bool) -> CheckResult:
    """One sample of 10 classes in float64, with the other classes equally probable; the same if quick."""
    cross_entropy = packaged_loss("cross_entropy", "multiclass")
    focal = packaged_loss("focal_multiclass", "multiclass")
    rows: list[list[str | float | int | bool]] = []
    slopes, focal_slopes, differences = {}, {}, []
    for probability in (*_PROBABILITIES, *_SMALL):
        others = (1 - probability) / (_CLASSES - 1)
        logits = torch.full((1, _CLASSES), math.log(others), dtype=torch.float64)
        logits[0, 0] = math.log(probability)
        target = torch.tensor([0])
        slope = value_and_slope(cross_entropy, logits, target)[1]
        focal_slope = value_and_slope(focal, logits, target)[1]
        analytic = logits.softmax(dim=1)
        analytic[0, 0] -= 1
        differences.append(float((slope - analytic).abs().max()))
        slopes[probability] = float(slope[0, 0].abs())
        focal_slopes[probability] = float(focal_slope[0, 0].abs())
        rows.append([probability, slopes[probability], 1 - probability, focal_slopes[probability]])
    of_small = [slopes[probability] for probability in _SMALL]
    focal_over = [focal_slopes[probability] / slopes[probability] for probability in _SMALL]
    return CheckResult(
        quantities={
            "largest_gradient": max(of_small),
            "smallest_gradient": min(of_small),
            "gradient_small_over_even": min(of_small) / slopes[0.5],
            "focal_over_cross_entropy": min(focal_over),
            "difference_from_analytic": max(differences),
        },
        tables=[
            Table(
                "Size of the derivative with respect to the true class's logit",
                ["probability p of the true class", "cross-entropy", "analytic, 1 - p", "focal, γ = 2"],
                rows,
            )
        ],
        notes=[
            "The gradient with respect to the logits is softmax(z) - y: it is largest where the true "
            "class has a small probability, and vanishes where the prediction is right.",
            "Focal loss reduces the gradient of well classified samples; at a small probability it is "
            f"{min(focal_over):.4g} to {max(focal_over):.4g} times cross-entropy's.",
        ],
    )
