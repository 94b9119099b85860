"""Prints, after each run on mnist, the peak memory in MB above that of the imports alone (Linux).

python tests/tasks/peak_memory.py [RUNS [OVERRIDE ...]]; the same seeds as `losslab -m seed=range(0,RUNS)`.
"""

import os
import sys
import tempfile
from pathlib import Path


def peak():
    """Peak resident memory of this process, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main(runs, overrides):
    import matplotlib.backends.backend_agg
    import matplotlib.figure  # noqa: F401
    import sklearn.datasets  # noqa: F401
    import tensorboard  # noqa: F401
    import torch
    import torch.utils.tensorboard
    import torchvision  # noqa: F401

    from losslab.config.compose import compose_run
    from losslab.sweep.launchers import free_earlier_runs
    from losslab.train.run import run

    torch.set_num_threads(1)
    before = peak()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(runs):
            chosen = ["task=mnist", "trainer.accelerator=cpu", f"seed={seed}", *overrides]
            settings = compose_run(*chosen)
            out = Path(folder) / str(seed)
            out.mkdir()
            free_earlier_runs()
            record = run(settings, chosen, out)
            print(f"run {seed + 1} {record.status}: {peak() - before:.0f} MB", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1, sys.argv[2:])
