"""The content of tensors, arrays and plain values as a short text: equal content, equal text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

LENGTH = 16


def digest(value: Any) -> str:
    """SHA-256, shortened, of tensors, arrays and plain values, also within mappings and sequences."""
    found = hashlib.sha256()
    for part in _parts(value):
        found.update(part)
    return found.hexdigest()[:LENGTH]


def _parts(value: Any) -> Iterator[bytes]:
    if isinstance(value, Tensor):
        plain = value.detach().cpu().to_dense() if value.is_sparse else value.detach().cpu()
        yield f"{plain.dtype}{tuple(plain.shape)}".encode()
        yield plain.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.dtype}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{key}:".encode()
            yield from _parts(item)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield f"{len(value)}[".encode()
        for item in value:
            yield from _parts(item)
    elif isinstance(value, bool | int | float | str | bytes | None):
        yield repr(value).encode()
    else:
        yield type(value).__qualname__.encode()  # its repr may hold an address
