"""The benchmark runs through: every table is there. What needs no clock is `tests/train/test_costs.py`."""

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
TABLES = (
    "### One run",
    "### Where a bare run's time goes",
    "### What is added to a bare run",
    "### Start",
    "### Threads of one process",
    "### A sweep of 2 house runs, epochs each: 1",
)


def test_the_small_benchmark_writes_all_its_tables(real_data_dir, tmp_path):
    page = tmp_path / "benchmarks.md"
    done = subprocess.run(
        [
            *(sys.executable, str(TOP / "scripts" / "benchmark.py"), "--small", "--cases", "mlp"),
            *("--threads", "1", "--no-conventional", "--sweep", "2", "--markdown", str(page)),
        ],
        env={**os.environ, "LOSSLAB_DATA": str(real_data_dir)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    text = page.read_text()
    for heading in TABLES:
        assert heading in text, heading
    assert "| plain PyTorch loop |" in text.replace("  ", " ")
