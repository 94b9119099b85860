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
from losslab.claims.tools.timing import QUICK_REPETITIONS, REPETITIONS, geometric_mean, ratios

_PROCESSES = 2
_WORKER = Path(__file__).with_name("data_parallel_worker.py")


def measure(quick: bool) -> CheckResult:
    """Processes have one thread each; they use nccl if there are two GPUs, else gloo on the CPU."""
    with tempfile.TemporaryDirectory() as folder:
        found = _run(Path(folder), *((QUICK_REPETITIONS, 3) if quick else (REPETITIONS, 20)))
    sizes = {name: numbers for name, numbers in found.items() if isinstance(numbers, dict)}
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    for name, numbers in sizes.items():
        speedup = ratios(numbers["all"], numbers["one"])
        quantities[f"speedup_{name}"] = speedup
        rows.append(
            [
                name,
                geometric_mean(numbers["one"]),
                geometric_mean(numbers["all"]),
                geometric_mean(speedup),
                numbers["difference"],
                numbers["difference_in_double"],
            ]
        )
    quantities["largest_weight_difference"] = max(numbers["difference"] for numbers in sizes.values())
    quantities["largest_weight_difference_in_double"] = max(
        numbers["difference_in_double"] for numbers in sizes.values()
    )
    quantities["smallest_weight_change"] = min(numbers["moved"] for numbers in sizes.values())
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                f"Training throughput, {found['backend']} on {found['device']}",
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
            "house_default is 784-128-10 at a global batch of 64, large is 784-512-512-10 at 1024; "
            "each process takes "
            "half of the batch.",
            f"Measured on {found['device']} with {os.cpu_count()} processor cores and "
            f"{torch.cuda.device_count()} GPUs, one thread per process.",
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
