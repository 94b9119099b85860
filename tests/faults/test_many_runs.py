"""A thousand runs: memory and open files stay flat, thousands of records are compared in seconds."""

from __future__ import annotations

import contextlib
import io
import os
import time
from pathlib import Path

import pytest
from fault_tools import start
from rich.console import Console

from fabricated_records import fabricate, plan, write_all

RUNS = int(os.environ.get("LOSSLAB_SOAK", "1000"))
MEGABYTES_A_RUN = 0.1  # of a gigabyte


def resident_megabytes(group: int) -> float:
    """Of the largest process of a process group."""
    largest = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ProcessLookupError):
            if os.getpgid(int(folder.name)) == group:
                largest = max(largest, int((folder / "statm").read_text().split()[1]))
    return largest * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("launcher", ["basic", "joblib"])
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_open_files_and_memory_are_flat_over_many_runs(tmp_path, tell, launcher):
    arguments = [
        *("losslab", "-m", "loss=mse", f"seed=range(0,{RUNS})", "trainer.max_epochs=1"),
        *("trainer.batch_size=2000", "trainer.accelerator=cpu", "folder=sweep"),
        f"hydra/launcher={launcher}",
    ]
    process = start(tmp_path, arguments)
    samples: dict[int, tuple[float, int]] = {}
    while process.poll() is None:
        done = len(list(tmp_path.glob("sweep/*/record.json")))
        try:
            opened = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
            samples.setdefault(done, (resident_megabytes(process.pid), opened))
        except OSError:
            break
        time.sleep(0.1)
    assert process.wait(timeout=60) == 0, (tmp_path / "log").read_text()[-2000:]
    assert len(list(tmp_path.glob("sweep/*/record.json"))) == RUNS
    early = [samples[done] for done in sorted(samples) if RUNS // 5 <= done <= RUNS // 3]
    late = [samples[done] for done in sorted(samples) if RUNS * 5 // 6 <= done < RUNS]
    memory = [max(value[0] for value in part) for part in (early, late)]
    files = [max(value[1] for value in part) for part in (early, late)]
    megabytes = " then ".join(
        f"{part:.1f}" for part in memory
    )  # before a third, after five sixths of the runs
    tell(RUNS, "runs", {"MB": megabytes, "open files": " then ".join(map(str, files))})
    assert (memory[1] - memory[0]) / (RUNS * 2 // 3) < MEGABYTES_A_RUN
    assert files[1] <= files[0] + 1


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_two_thousand_records_are_compared_in_ten_seconds(tmp_path, tell):
    from losslab.report.comparison import summarise

    made = [
        fabricate(f"loss_{arm}", seed, value=0.8 + 0.001 * arm + 0.0001 * (seed * 7 % 20))
        for arm in range(100)
        for seed in range(20)
    ]
    write_all(made, tmp_path / "sweep")
    plan(made, tmp_path / "sweep")
    began = time.perf_counter()
    comparison = summarise(tmp_path / "sweep", Console(file=io.StringIO(), width=160))
    seconds = time.perf_counter() - began
    tell(len(made), "records", {"seconds": round(seconds, 1)})
    assert len(comparison.tasks[0].arms) == 100
    assert seconds < 10
