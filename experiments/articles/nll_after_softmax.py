"""What NLLLoss computes from a softmax instead of log-probabilities."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope

_MARGINS = (-20.0, -5.0, 0.0, 5.0, 20.0)  # by which the true class leads a wrong one
_CLASSES = 10


def measure(quick: bool) -> CheckResult:
    """One sample of 10 classes in float64; the same if quick."""
    plain = packaged_loss("cross_entropy", "multiclass")
    without_logarithm = packaged_loss("nll_on_softmax", "multiclass")
    target = torch.tensor([0])
    rows: list[list[str | float | int | bool]] = []
    values, slopes = [], []
    norms = {}
    for margin in _MARGINS:
        logits = torch.zeros(1, _CLASSES, dtype=torch.float64)
        logits[0, 1] = -margin
        value, slope = value_and_slope(plain, logits, target)
        other_value, other_slope = value_and_slope(without_logarithm, logits, target)
        values.append(float((other_value - value).abs()))
        slopes.append(float((other_slope - slope).abs().max()))
        norms[margin] = float(slope.norm()), float(other_slope.norm())
        rows.append([margin, float(value), norms[margin][0], float(other_value), norms[margin][1]])
    mistake = norms[_MARGINS[0]]
    return CheckResult(
        quantities={
            "value_difference": max(values),
            "gradient_difference": max(slopes),
            "gradient_at_mistake_cross_entropy": mistake[0],
            "gradient_at_mistake_softmax_nll": mistake[1],
        },
        tables=[
            Table(
                "Value, and norm of the gradient with respect to the logits",
                ["lead of the true class", "cross-entropy", "gradient", "NLLLoss of a softmax", "gradient"],
                rows,
            )
        ],
        notes=[
            "NLLLoss negates the number at the true class's place. Of a softmax that is -p, from -1 to 0."
        ],
    )
