"""Independent random streams from one seed.

Initial weights, batch order, training (dropout), label corruption and augmentation each have their own
stream. Drawing more numbers from one does not shift the others, so arms stay paired whatever is compared.
"""

from __future__ import annotations

import numpy as np
import torch

_STREAMS = {"weights": 0, "batches": 1, "training": 2, "corruption": 3, "augmentation": 4}


def stream_seed(seed: int, stream: str, *index: int) -> int:
    """A 64-bit seed for `stream` (and, say, an epoch within it), from numpy's SeedSequence.

    https://numpy.org/doc/stable/reference/random/bit_generators/generated/numpy.random.SeedSequence.html
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(_STREAMS[stream], *index))
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))  # torch takes a signed integer


def generator(seed: int, stream: str, *index: int) -> torch.Generator:
    """A CPU generator for `stream`: the same numbers on whichever device the run trains."""
    return torch.Generator().manual_seed(stream_seed(seed, stream, *index))
