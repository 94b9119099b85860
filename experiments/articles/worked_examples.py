"""Results that the articles print, recomputed from the inputs that they print."""

from __future__ import annotations

import torch
from torch import tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table


def measure(quick: bool) -> CheckResult:
    """In float64; the same if quick."""
    double = torch.float64
    predicted, true = tensor((2.5, 5, 3), dtype=double), tensor((3, 5, 2.5), dtype=double)
    logits = tensor(((1.5, 2, 0.5), (0.5, 1, 1.5)), dtype=double)
    probabilities, labels = tensor((0.7, 0.2, 0.9, 0.7), dtype=double), tensor((1.0, 0, 1, 0), dtype=double)
    scores = tensor((0.7768, 0.0511, 0.6187), dtype=double)
    softmax = scores.softmax(dim=0).tolist()
    quantities: dict[str, float | list[float]] = {
        "mse": float(functional.mse_loss(predicted, true)),
        "l1": float(functional.l1_loss(predicted, true)),
        "cross_entropy": float(functional.cross_entropy(logits, tensor((1, 2)))),
        "bce": float(functional.binary_cross_entropy(probabilities, labels)),
        "softmax_first": softmax[0],
        "softmax_second": softmax[1],
        "softmax_third": softmax[2],
    }
    inputs = {
        "mse": "(2.5, 5, 3) against (3, 5, 2.5)",
        "l1": "the same",
        "cross_entropy": "logits ((1.5, 2, 0.5), (0.5, 1, 1.5)), labels (1, 2)",
        "bce": "p (0.7, 0.2, 0.9, 0.7), y (1, 0, 1, 0)",
        "softmax_first": "softmax of (0.7768, 0.0511, 0.6187)",
        "softmax_second": "the same",
        "softmax_third": "the same",
    }
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Recomputed",
                ["example", "inputs", "value"],
                [[name, inputs[name], float(value)] for name, value in quantities.items()],  # type: ignore[arg-type]
            )
        ],
        notes=[
            "The tolerance of each prediction is half a unit of the last digit that is printed.",
            f"Cross-entropy is {quantities['cross_entropy']:.6f} and BCE {quantities['bce']:.6f}: the "
            "printed values are right only in their first digits. Those of MSE and L1 are wrong.",
        ],
    )
