"""Times a training step of each case with 1 and N threads; benchmark.py runs it, and sets OpenMP's waiting.

scripts/benchmark_threads.py SECONDS THREADS      prints [[case, threads, milliseconds], ...]
"""

from __future__ import annotations

import json
import sys
import time

import torch
from benchmark_arms import CASES

from losslab.models import build_network
from losslab.tasks import load_task


def main() -> None:
    seconds, most = float(sys.argv[1]), int(sys.argv[2])
    found = []
    for name, full in CASES.items():
        case = full.shortened() if seconds < 1 else full
        settings = case.composed()
        task = load_task(settings.task, settings.choices["task"])
        inputs, targets = task.splits["train"].sample(case.batch_size)
        network = build_network(
            settings.model, settings.activation, settings.init, task.input_shape, task.kind.output_features, 0
        )
        optimizer = torch.optim.Adam(network.parameters(), fused=True)
        for threads in sorted({1, most}):
            torch.set_num_threads(threads)
            steps, started = 0, time.perf_counter()
            while steps < 3 or time.perf_counter() - started < seconds:
                if steps == 1:
                    started = time.perf_counter()  # the first step starts the threads
                optimizer.zero_grad()
                case.loss(network(inputs), targets).backward()
                optimizer.step()
                steps += 1
            found.append([name, threads, 1000 * (time.perf_counter() - started) / (steps - 1)])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
