"""Random numbers and global settings: every run starts from the same ones, and leaves none behind."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch


def seed_all(seed: int) -> None:
    """Seeds Python, NumPy and torch, on all devices."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (the user's code may use NumPy's global generator)
    torch.manual_seed(seed)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Puts random states and torch's global settings back to what they were, whatever is done inside."""
    state = _settings()
    generators = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(generators[0])
        np.random.set_state(generators[1])  # noqa: NPY002
        torch.set_rng_state(generators[2])
        _set(state)


def _settings() -> dict[str, Any]:
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "grad": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "warn_only": torch.is_deterministic_algorithms_warn_only_enabled(),
        "cudnn": (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark),
        "matmul": torch.get_float32_matmul_precision(),
        "anomaly": torch.is_anomaly_enabled(),
    }


def _set(state: dict[str, Any]) -> None:
    torch.set_default_dtype(state["dtype"])
    if torch.get_default_device() != state["device"]:
        # setting "cpu" is not the same as setting nothing: it slows every call that makes a tensor
        torch.set_default_device(None)
        if state["device"].type != "cpu":
            torch.set_default_device(state["device"])
    torch.set_grad_enabled(state["grad"])
    if torch.get_num_threads() != state["threads"]:
        torch.set_num_threads(state["threads"])
    torch.use_deterministic_algorithms(state["deterministic"], warn_only=state["warn_only"])
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = state["cudnn"]
    if torch.get_float32_matmul_precision() != state["matmul"]:
        torch.set_float32_matmul_precision(state["matmul"])
    torch.autograd.set_detect_anomaly(state["anomaly"])
