"""Times of variants of the same work, measured in turns, so that other load affects all of them alike."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping

import torch

REPETITIONS, QUICK_REPETITIONS = 15, 7


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Uses one torch thread inside the block, and restores the number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def alternating(
    variants: Mapping[str, Callable[[], object]], repetitions: int, budget: float = 1.0
) -> dict[str, list[float]]:
    """Seconds of one call of each variant, `repetitions` times each: the median over some calls.

    Each repetition times all variants, in an order that rotates.

    Args:
        budget: seconds that all repetitions of one variant may take; at least one call is timed each.
    """
    names = list(variants)
    with one_thread():
        calls = {}
        for name, variant in variants.items():
            variant()  # sets up
            calls[name] = max(1, min(200, math.ceil(budget / repetitions / max(_once(variant), 1e-9))))
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for repetition in range(repetitions):
            for place in range(len(names)):
                name = names[(place + repetition) % len(names)]
                measured = [_once(variants[name]) for _ in range(calls[name])]
                seconds[name].append(statistics.median(measured))
    return seconds


def ratios(slow: list[float], fast: list[float]) -> list[float]:
    """slow / fast, repetition by repetition."""
    return [first / second for first, second in zip(slow, fast, strict=True)]


def geometric_mean(values: list[float]) -> float:
    """The geometric mean of positive numbers, which averages ratios."""
    return statistics.geometric_mean(values)


def _once(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
