"""The derivative of ReLU on a grid."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult
from losslab.claims.tools.derivatives import on_grid


def measure(quick: bool) -> CheckResult:
    note = "ReLU has no derivative at 0; torch uses 0 there."
    return on_grid("ReLU", torch.relu, note, quick)
