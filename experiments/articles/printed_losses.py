"""Four losses whose results an article prints, recomputed from the inputs that it prints."""

from __future__ import annotations

import torch
from torch import tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table

_PRINTED = {
    "mse": 0.0833333358168602,
    "l1": 0.25,
    "cross_entropy": 0.6422222256660461,
    "bce": 0.47234177589416504,
}
_INPUTS = {
    "mse": "(2.5, 5, 3) against (3, 5, 2.5)",
    "l1": "the same",
    "cross_entropy": "logits ((1.5, 2, 0.5), (0.5, 1, 1.5)), classes (1, 2)",
    "bce": "probabilities (0.7, 0.2, 0.9, 0.7), targets (1, 0, 1, 0)",
}


def measure(quick: bool) -> CheckResult:
    """In float64; the same if quick."""
    double = torch.float64
    predicted, true = tensor((2.5, 5, 3), dtype=double), tensor((3, 5, 2.5), dtype=double)
    logits = tensor(((1.5, 2, 0.5), (0.5, 1, 1.5)), dtype=double)
    probabilities, labels = tensor((0.7, 0.2, 0.9, 0.7), dtype=double), tensor((1.0, 0, 1, 0), dtype=double)
    computed = {
        "mse": float(functional.mse_loss(predicted, true)),
        "l1": float(functional.l1_loss(predicted, true)),
        "cross_entropy": float(functional.cross_entropy(logits, tensor((1, 2)))),
        "bce": float(functional.binary_cross_entropy(probabilities, labels)),
    }
    return CheckResult(
        quantities={**computed},
        tables=[
            Table(
                "Printed and computed",
                ["loss", "inputs", "printed", "computed"],
                [[name, _INPUTS[name], _PRINTED[name], value] for name, value in computed.items()],
            )
        ],
        notes=["Each example has its inputs in the article; no random numbers are involved."],
    )
