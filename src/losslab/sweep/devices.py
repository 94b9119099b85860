"""Which GPU a worker process of a sweep uses. How the processes are started is in `workers.py`.

One process a GPU, in turn: with as many processes as GPUs each has its own, with more of them
(`hydra.launcher.n_jobs`) several share one. A worker calls `use` before it initialises CUDA.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping, Sequence

# https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html
VISIBLE = "CUDA_VISIBLE_DEVICES"


def share_of(worker: int, devices: Sequence[str]) -> str | None:
    """The GPU of worker number `worker` (from 0); None if there are fewer than two."""
    return devices[worker % len(devices)] if len(devices) > 1 else None


def visible(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The GPUs that this process may use, as `CUDA_VISIBLE_DEVICES` names them; none without CUDA."""
    if VISIBLE in environment:
        return [name.strip() for name in environment[VISIBLE].split(",") if name.strip() not in ("", "-1")]
    import torch  # counts through NVML, so CUDA stays uninitialised, as before a fork

    return [str(number) for number in range(torch.cuda.device_count())]


def use(worker: int, devices: Sequence[str], environment: MutableMapping[str, str] = os.environ) -> None:
    """Makes this worker's own GPU the only one that it sees, hence Lightning's first."""
    if (own := share_of(worker, devices)) is not None:
        environment[VISIBLE] = own
