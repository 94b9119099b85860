"""The derivative of the sigmoid on a grid."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult
from losslab.claims.tools.derivatives import on_grid


def measure(quick: bool) -> CheckResult:
    note = "The sigmoid's derivative is σ(1 - σ): 1/4 at zero, less on both sides."
    return on_grid("the sigmoid", torch.sigmoid, note, quick)
