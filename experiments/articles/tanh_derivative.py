"""The derivative of tanh on a grid."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult
from losslab.claims.tools.derivatives import on_grid


def measure(quick: bool) -> CheckResult:
    note = "tanh' = 1 - tanh² is 1 only at zero, and falls to 0 on both sides."
    return on_grid("tanh", torch.tanh, note, quick)
