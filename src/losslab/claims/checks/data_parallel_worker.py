"""One of the processes of `data_parallel_scales.py`: `python -m … RANK PROCESSES FOLDER REPETITIONS STEPS`.

All processes train the same networks, in turns the first one alone and all together on equal parts of the
same global batches. The first writes FOLDER/result.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import parameters_to_vector

from losslab.claims.checks.networks import network

# name -> hidden widths, global batch: the house default, and one with more work a step.
SIZES = {"house_default": ([128], 64), "large": ([512, 512], 1024)}


def main(rank: int, processes: int, folder: Path, repetitions: int, steps: int) -> None:
    """Measures every size and writes samples per second and the largest difference of the weights."""
    torch.set_num_threads(1)
    on_gpus = torch.cuda.device_count() >= processes
    device = torch.device("cuda", rank) if on_gpus else torch.device("cpu")
    if on_gpus:
        torch.cuda.set_device(device)
    backend = "nccl" if on_gpus else "gloo"
    distributed.init_process_group(
        backend, init_method=f"file://{folder / 'rendezvous'}", rank=rank, world_size=processes
    )
    first_alone = distributed.new_group([0])
    everybody = distributed.new_group(list(range(processes)))
    result: dict[str, object] = {"backend": backend, "device": device.type}
    for name, (hidden, batch) in SIZES.items():
        speeds: dict[str, list[float]] = {"one": [], "all": []}
        ends: dict[str, Tensor] = {}
        for repetition in range(repetitions + 1):  # the first one warms up
            for who, group, count in (("one", first_alone, 1), ("all", everybody, processes)):
                distributed.barrier()
                if rank < count:
                    seconds, ends[who] = _train(hidden, batch, rank, count, group, device, steps)
                    if repetition:
                        speeds[who].append(steps * batch / seconds)
        if rank == 0:
            difference = float((ends["one"] - ends["all"]).abs().max())
            moved = float((ends["one"] - _weights(hidden, device)).abs().max())
            result[name] = {**speeds, "difference": difference, "moved": moved}
    distributed.barrier()
    if rank == 0:
        (folder / "result.json").write_text(json.dumps(result))
    distributed.destroy_process_group()


def _train(
    hidden: list[int],
    batch: int,
    rank: int,
    count: int,
    group: object,
    device: torch.device,
    steps: int,
) -> tuple[float, Tensor]:
    """Seconds of `steps` steps of SGD, and the weights at their end."""
    built = _build(hidden, device)
    parallel = DistributedDataParallel(built, process_group=group)
    optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(steps + 1, batch, 784, generator=generator).to(device)
    targets = torch.randint(10, (steps + 1, batch), generator=generator).to(device)
    share = slice(rank * batch // count, (rank + 1) * batch // count)
    started = 0.0
    for step in range(steps + 1):
        if step == 1:  # DDP sets up its buckets in the first
            _wait(device)
            started = time.perf_counter()
        optimizer.zero_grad()
        nn.functional.cross_entropy(parallel(inputs[step, share]), targets[step, share]).backward()
        optimizer.step()
    _wait(device)
    return time.perf_counter() - started, parameters_to_vector(built.parameters()).detach()


def _build(hidden: list[int], device: torch.device) -> nn.Module:
    return network("mlp", "relu", (784,), 10, 0, hidden=hidden).to(device)


def _weights(hidden: list[int], device: torch.device) -> Tensor:
    return parameters_to_vector(_build(hidden, device).parameters()).detach()


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
