"""One of the processes of `data_parallel_scales.py`: `python -m … RANK PROCESSES FOLDER REPETITIONS STEPS`.

The first process alone and all processes together take turns to train the same networks on the same global
batches; together, each takes an equal part. The first writes FOLDER/result.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils import parameters_to_vector

from losslab.claims.tools.networks import network

# name -> hidden widths, global batch: losslab's default, and one with more work per step.
SIZES = {"small_network": ([128], 64), "large_network": ([512, 512], 1024)}
_BATCHES = 4


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

    def of_size(hidden: list[int], batch: int, dtype: torch.dtype) -> dict[str, Training]:
        """What this process trains: alone if it is the first one, and together with the others."""
        return {
            who: Training(hidden, batch, rank, count, group, device, dtype)
            for who, group, count in (("one", first_alone, 1), ("all", everybody, processes))
            if rank < count
        }

    result: dict[str, Any] = {"backend": backend, "device": device.type}
    for name, (hidden, batch) in SIZES.items():
        trainings = of_size(hidden, batch, torch.float32)
        speeds: dict[str, list[float]] = {who: [] for who in trainings}
        for repetition in range(repetitions + 1):  # the first one warms up
            for who in ("one", "all"):
                distributed.barrier()
                if who in trainings:
                    seconds = trainings[who].seconds(steps)
                    if repetition:
                        speeds[who].append(steps * batch / seconds)
        if rank == 0:
            ends = {who: training.weights() for who, training in trainings.items()}
            difference = float((ends["one"] - ends["all"]).abs().max())
            moved = float((ends["one"] - trainings["one"].initial).abs().max())
            result[name] = {**speeds, "difference": difference, "moved": moved}
        exact = of_size(hidden, batch, torch.float64)
        for who in ("one", "all"):
            distributed.barrier()
            if who in exact:
                for _ in range(repetitions + 1):
                    exact[who].seconds(steps)
        if rank == 0:
            in_double = float((exact["one"].weights() - exact["all"].weights()).abs().max())
            result[name]["difference_in_double"] = in_double
    distributed.barrier()
    if rank == 0:
        (folder / "result.json").write_text(json.dumps(result))
    distributed.destroy_process_group()


class Training:
    """A network, its optimizer and this process's share of a few global batches, used repeatedly."""

    def __init__(
        self,
        hidden: list[int],
        batch: int,
        rank: int,
        count: int,
        group: object,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.network = network("mlp", "relu", (784,), 10, 0, hidden=hidden).to(device, dtype)
        self.initial = self.weights()
        self.parallel = DistributedDataParallel(self.network, process_group=group)
        self.optimizer = torch.optim.SGD(self.parallel.parameters(), lr=0.1)
        generator = torch.Generator().manual_seed(0)
        share = slice(rank * batch // count, (rank + 1) * batch // count)
        self.inputs = torch.randn(_BATCHES, batch, 784, generator=generator)[:, share].to(device, dtype)
        self.targets = torch.randint(10, (_BATCHES, batch), generator=generator)[:, share].to(device)
        self.device = device

    def seconds(self, steps: int) -> float:
        """Time of `steps` more steps."""
        self._wait()
        started = time.perf_counter()
        for step in range(steps):
            batch = step % _BATCHES
            self.optimizer.zero_grad()
            outputs = self.parallel(self.inputs[batch])
            nn.functional.cross_entropy(outputs, self.targets[batch]).backward()
            self.optimizer.step()
        self._wait()
        return time.perf_counter() - started

    def weights(self) -> Tensor:
        """A copy of all weights in one vector."""
        return parameters_to_vector(self.network.parameters()).detach().clone()

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
