"""The softmax of the three numbers that an article prints."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult, Table

_INPUT = (0.7768, 0.0511, 0.6187)
_PRINTED = (0.4278, 0.2070, 0.3652)


def measure(quick: bool) -> CheckResult:
    """In float64; the same if quick."""
    entries = torch.tensor(_INPUT, dtype=torch.float64).softmax(dim=0).tolist()
    return CheckResult(
        quantities=dict(zip(("first", "second", "third"), entries, strict=True)),
        tables=[
            Table(
                "Printed and computed",
                ["input", "printed", "computed"],
                [list(row) for row in zip(_INPUT, _PRINTED, entries, strict=True)],
            )
        ],
        notes=[
            "The article drew its input at random and prints four digits of it, which moves an entry of the "
            "softmax by at most 0.000025."
        ],
    )
