"""Random numbers: every run starts from the same ones, and leaves the caller's as they were."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seeds Python, NumPy and torch, on all devices."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (the user's code may use NumPy's global generator)
    torch.manual_seed(seed)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Puts random states back to what they were, whatever is done inside."""
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(generators[0])
        np.random.set_state(generators[1])  # noqa: NPY002
        torch.set_rng_state(generators[2])
