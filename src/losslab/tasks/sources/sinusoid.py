"""A sinusoid whose noise grows along its one input: made here, needs no network."""

from __future__ import annotations

import math

import torch

from losslab.tasks.sources.raw import Raw


def sinusoid(samples: int, periods: float, least_noise: float, most_noise: float, seed: int) -> Raw:
    """y = sin(2π·periods·x) + N(0, s(x)²) of uniform x from 0 to 1; s rises linearly.

    Args:
        least_noise, most_noise: s at x = 0 and at x = 1; the sinusoid's own standard deviation is 0.71.
    """
    random = torch.Generator().manual_seed(seed)
    x = torch.rand(samples, 1, generator=random)
    deviation = least_noise + (most_noise - least_noise) * x
    y = (2 * math.pi * periods * x).sin() + deviation * torch.randn(samples, 1, generator=random)
    return Raw(x, y[:, 0])
