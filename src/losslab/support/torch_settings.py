"""torch's global settings, which a run must leave as they are: read, compared, and put back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch


def settings() -> dict[str, Any]:
    """The present settings by name, as a reader would call them."""
    return {
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "grad mode": torch.is_grad_enabled(),
        "number of threads": torch.get_num_threads(),
        "deterministic algorithms": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "deterministic cuDNN": torch.backends.cudnn.deterministic,
        "cuDNN benchmark": torch.backends.cudnn.benchmark,
        "float32 matmul precision": torch.get_float32_matmul_precision(),
        "anomaly detection": torch.is_anomaly_enabled(),
    }


def put_back(wanted: dict[str, Any]) -> list[str]:
    """Restores settings; returns the names of those that had changed, with what they had become."""
    now = settings()
    changed = [name for name, value in wanted.items() if now[name] != value]
    restore: dict[str, Callable[[Any], object]] = {
        "default dtype": torch.set_default_dtype,
        "default device": _set_device,
        "grad mode": torch.set_grad_enabled,
        "number of threads": torch.set_num_threads,
        "deterministic algorithms": lambda both: torch.use_deterministic_algorithms(
            both[0], warn_only=both[1]
        ),
        "deterministic cuDNN": lambda value: setattr(torch.backends.cudnn, "deterministic", value),
        "cuDNN benchmark": lambda value: setattr(torch.backends.cudnn, "benchmark", value),
        "float32 matmul precision": torch.set_float32_matmul_precision,
        "anomaly detection": torch.autograd.set_detect_anomaly,
    }
    for name in changed:
        restore[name](wanted[name])
    return [f"{name} ({now[name]})" for name in changed]


@contextlib.contextmanager
def kept() -> Iterator[list[str]]:
    """Puts the settings back at the end; the list that it yields then has what `put_back` returns."""
    before = settings()
    changed: list[str] = []
    try:
        yield changed
    finally:
        changed += put_back(before)


def _set_device(device: torch.device) -> None:
    """The CPU by setting nothing: a default device slows every call that makes a tensor."""
    torch.set_default_device(None)
    if device != torch.get_default_device():
        torch.set_default_device(device)
