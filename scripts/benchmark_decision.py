"""How long a decision takes, against a fixed number of seeds, and all claims; used by benchmark.py."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from benchmark_tables import table

FIXED_SEEDS = 40
MODULE = "losslab.cli"


def decision(small: bool, device: torch.device) -> str:
    """Seconds and runs until two losses are decided with seeds in stages, and with 40 fixed seeds."""
    task, margin = ("digits", 0.05) if small else ("mnist", 0.01)
    accelerator = "gpu" if device.type == "cuda" else "cpu"
    fixed = 8 if small else FIXED_SEEDS
    sweep = [f"task={task}", "loss=cross_entropy,mse_softmax", f"trainer.accelerator={accelerator}"]
    ways = {
        f"until decided (decide.margin={margin})": [f"decide.margin={margin}"],
        f"{fixed} fixed seeds": [f"seed=range(0,{fixed})"],
    }
    rows = []
    for name, own in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            _command("main", "-m", *sweep, *own, f"folder={folder}/sweep")
            seconds = time.perf_counter() - started
            runs = len(list(Path(folder).glob("sweep/*/record.json")))
        rows.append([name, str(runs), f"{seconds:.0f}"])
    title = f"### Time to a decision: cross_entropy against mse_softmax on {task}, margin {margin}"
    return f"{title}\n\n{table(['seeds', 'runs', 'seconds'], rows)}"


def claims() -> str:
    """Seconds of all claims with --quick, and what losslab estimates for them in full."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        _command("reproduce", "--all", "--quick", "--folder", f"{folder}/claims", may_be=(0, 1))
        seconds = time.perf_counter() - started
    told = " ".join(_command("reproduce", "--all", "--dry-run").split())
    estimate = re.search(r"\d+ claims, .* processes", told)
    assert estimate is not None, told
    rows = [["--quick, measured", f"{seconds:.0f} s"], ["in full, estimated", estimate[0]]]
    return f"### All claims\n\n{table(['losslab-reproduce --all', 'time'], rows)}"


def _command(module: str, *arguments: str, may_be: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"{MODULE}.{module}", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode in may_be, done.stderr[-2000:]
    return done.stdout
