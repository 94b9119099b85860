"""The benchmark runs through: every table is there. What needs no clock is `tests/train/test_costs.py`."""

from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TABLES = (
    "### One run",
    "### Where a bare run's time goes",
    "### What is added to a bare run",
    "### Start",
    "### Threads of one process",
    "### A sweep of 2 house runs, epochs each: 1",
)


@pytest.mark.faults  # it starts many processes
def test_the_small_benchmark_writes_all_its_tables(command, tmp_path):
    page = tmp_path / "benchmarks.md"
    arguments = ["--small", "--cases", "mlp", "--threads", "1", "--sweep", "2", "--processes", "2"]
    done = command(str(TOP / "scripts" / "benchmark.py"), *arguments, "--markdown", str(page))
    assert done.returncode == 0, done.stderr[-2000:]
    text = page.read_text()
    for heading in TABLES:
        assert heading in text, heading
    for arm in ("plain PyTorch loop, only training", "plain PyTorch loop with the same evaluations"):
        assert f"| {arm} |" in text
