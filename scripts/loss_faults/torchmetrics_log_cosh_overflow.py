"""torchmetrics' log-cosh error is infinite for a residual of 90 in float32.

It is computed as the documented formula stands, log((exp(d) + exp(-d)) / 2), and exp(90) overflows. It is
documented as a metric, not as a loss. The same number is d + softplus(-2 d) - log 2, which does not
overflow.

Shows: torchmetrics.functional.log_cosh_error: large outputs (float32)
"""

import math

import torch
from torchmetrics.functional import log_cosh_error

for residual in (80.0, 90.0):
    difference = torch.tensor([residual])
    stable = difference + torch.nn.functional.softplus(-2 * difference) - math.log(2)
    value = log_cosh_error(difference, torch.zeros(1)).item()
    print(f"residual {residual:g}: {value:.6g}, stable {stable.item():.6g}")
