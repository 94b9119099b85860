"""Throughput of DistributedDataParallel with one and two processes, at the same global batch size."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import QUICK_REPETITIONS, geometric_mean, median_ratio
from losslab.records.environment import processor_name

_PROCESSES = 2
_STARTS = 8  # of both processes; one pair is one repetition
_WORKER = Path(__file__).with_name("data_parallel_worker.py")


def measure(quick: bool) -> CheckResult:
    """Processes have one thread each; they use nccl if there are two GPUs, else gloo on the CPU.

    They are started several times, except if quick.
    """
    starts, steps = (1, 3) if quick else (_STARTS, 20)
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for start in range(starts):
            own = Path(folder, str(start))
            own.mkdir()
            found.append(_run(own, QUICK_REPETITIONS, steps))
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    names = [name for name, numbers in found[0].items() if isinstance(numbers, dict)]
    sizes = {name: [one[name] for one in found] for name in names}
    for name, repeated in sizes.items():
        if quick:
            pairs = zip(repeated[0]["all"], repeated[0]["one"], strict=True)
            speedup = [both / alone for both, alone in pairs]
        else:
            speedup = [median_ratio(numbers["all"], numbers["one"]) for numbers in repeated]
        quantities[f"{name}_speedup"] = speedup
        rows.append(
            [
                name,
                *(
                    geometric_mean([speed for one in repeated for speed in one[who]])
                    for who in ("one", "all")
                ),
                geometric_mean(speedup),
                *(max(one[what] for one in repeated) for what in ("difference", "difference_in_double")),
            ]
        )
    every = [numbers for repeated in sizes.values() for numbers in repeated]
    quantities["largest_weight_difference"] = max(one["difference"] for one in every)
    quantities["largest_weight_difference_in_double"] = max(one["difference_in_double"] for one in every)
    quantities["smallest_weight_change"] = min(one["moved"] for one in every)
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                f"Training throughput, {found[0]['backend']} on {found[0]['device']}",
                [
                    "network",
                    "one process, samples/s",
                    "two, samples/s",
                    "ratio",
                    "weights differ by",
                    "in double precision",
                ],
                rows,
            )
        ],
        notes=[
            "The small network is 784-128-10 at a global batch of 64, the large one 784-512-512-10 at 1024; "
            "each process takes half of the batch.",
            f"Measured with {starts} {'start' if starts == 1 else 'starts'} of both processes on "
            f"{processor_name()}, {os.cpu_count()} cores, {torch.cuda.device_count()} GPUs, one thread per "
            "process.",
            "torch's documentation advises against the older DataParallel (one process with several "
            "threads), even on a single machine; without GPUs it does nothing at all.",
        ],
    )


def _run(folder: Path, repetitions: int, steps: int) -> dict[str, Any]:
    """What the first worker measured. Raises RuntimeError with the end of the workers' logs if one fails."""
    workers = []
    logs = []
    # Gloo otherwise looks up this machine's name, which need not resolve.
    environment = {"GLOO_SOCKET_IFNAME": "lo", **os.environ} if sys.platform == "linux" else dict(os.environ)
    environment["OMP_NUM_THREADS"] = "1"
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    try:
        for rank in range(_PROCESSES):
            log = (folder / f"{rank}.log").open("w+")
            logs.append(log)
            arguments = [str(part) for part in (rank, _PROCESSES, folder, repetitions, steps)]
            workers.append(
                subprocess.Popen(
                    [sys.executable, str(_WORKER), *arguments], stdout=log, stderr=log, env=environment
                )
            )
        for worker in workers:
            worker.wait(timeout=240)
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        last_words = []
        for log in logs:
            log.seek(0)
            last_words.append(log.read()[-2000:])
            log.close()
    if any(worker.returncode for worker in workers):
        raise RuntimeError("a process of the data-parallel measurement failed:\n" + "\n".join(last_words))
    result: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return result
