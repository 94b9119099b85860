"""What CrossEntropyLoss of the installed torch accepts as targets."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import value_and_slope

_CLASSES = 5


def measure(quick: bool) -> CheckResult:
    """Indices, one-hot targets of two types, and probabilities, for logits (N, 5) and (N, 5, H, W)."""
    generator = torch.Generator().manual_seed(0)
    rows: list[list[str | float | int | bool]] = []
    accepted: dict[str, bool] = {}
    difference = 0.0
    messages = []
    for shape in ((32, _CLASSES), (4, _CLASSES, 6, 7)):
        logits = torch.randn(*shape, generator=generator, dtype=torch.float64)
        indices = torch.randint(_CLASSES, (shape[0], *shape[2:]), generator=generator)
        one_hot = functional.one_hot(indices, _CLASSES).movedim(-1, 1)
        reference = value_and_slope(nn.CrossEntropyLoss(), logits, indices)
        for name, targets in (
            ("class indices, int64", indices),
            ("one-hot, floating point", one_hot.double()),
            ("one-hot, int64", one_hot),
        ):
            result = _try(logits, targets)
            accepted[name] = accepted.get(name, True) and not isinstance(result, str)
            if isinstance(result, str):
                messages.append(f"{name}: torch says “{result}”.")
                rows.append([str(shape), name, False, float("nan"), float("nan")])
                continue
            off = [float((a - b).abs().max()) for a, b in zip(result, reference, strict=True)]
            rows.append([str(shape), name, True, *off])
            if name.startswith("one-hot"):
                difference = max(difference, *off)
    return CheckResult(
        quantities={
            "indices_accepted": float(accepted["class indices, int64"]),
            "one_hot_accepted": float(accepted["one-hot, floating point"]),
            "integer_one_hot_accepted": float(accepted["one-hot, int64"]),
            "one_hot_difference": difference,
        },
        tables=[
            Table(
                "What CrossEntropyLoss accepts, and the largest difference from class indices",
                ["shape of the logits", "targets", "accepted", "value", "gradient"],
                rows,
            )
        ],
        notes=[
            "Since torch 1.10 the targets may be floating-point probabilities of the logits' shape. "
            f"One-hot targets are a special case, and differ from indices by at most {difference:.2g}.",
            *sorted(set(messages)),
        ],
    )


def _try(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor] | str:
    try:
        return value_and_slope(nn.CrossEntropyLoss(), logits, targets)
    except (RuntimeError, ValueError, TypeError) as error:
        return str(error).splitlines()[0]
