"""Times of variants of the same work.

They are measured in turns, so that other load affects all of them alike, and again in new processes: where a
process lies in memory makes code faster or slower, by the same amount however often it is repeated there.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import torch

from losslab.records.environment import processor_name

PROCESSES, QUICK_REPETITIONS = 10, 5  # the latter in one process


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Uses one torch thread inside the block, and restores the number afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def over_processes(once: Callable[[bool], Mapping[str, float]], quick: bool) -> dict[str, list[float]]:
    """The numbers of `once`, one from each of several new processes; if quick, all from this process.

    Args:
        once: a function at the top level of a check's file. It takes `quick`, and returns a number for each
            name.
    """
    if quick:
        found = [once(True) for _ in range(QUICK_REPETITIONS)]
    else:
        found = [_in_new_process(once) for _ in range(PROCESSES)]
    return {name: [numbers[name] for numbers in found] for name in found[0]}


def how_repeated(quick: bool) -> str:
    """For a check's notes: the processor, and what a repetition is."""
    repeated = f"{QUICK_REPETITIONS} times in one process" if quick else f"in {PROCESSES} new processes"
    return f"Measured {repeated}, with one thread, on: {processor_name()}."


def _in_new_process(once: Callable[[bool], Mapping[str, float]]) -> dict[str, float]:
    file = inspect.getsourcefile(once)
    program = (
        "import json, runpy, sys\n"
        "names = runpy.run_path(sys.argv[1], run_name='check')\n"
        "print(json.dumps(names[sys.argv[2]](False)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file), once.__name__],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"a process of {file} failed:\n{done.stderr[-2000:]}")
    numbers: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return numbers


def alternating(
    variants: Mapping[str, Callable[[], object]], quick: bool, repetitions: int = 5
) -> dict[str, list[float]]:
    """Seconds of one call of each variant, `repetitions` times each: the median over some calls.

    Each repetition times all variants, in an order that rotates.

    All repetitions of one variant take half a second, much less if quick; at least one call is timed each.
    """
    names, budget = list(variants), 0.03 if quick else 0.5
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


def median_ratio(slow: list[float], fast: list[float]) -> float:
    """slow / fast, repetition by repetition: the median."""
    return statistics.median(first / second for first, second in zip(slow, fast, strict=True))


def geometric_mean(values: list[float]) -> float:
    """The geometric mean of positive numbers, which averages ratios."""
    return statistics.geometric_mean(values)


def _once(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
