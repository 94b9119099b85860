"""A small real sweep to disturb, what an undisturbed one gives, and commands in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from commands import Started

SWEEP = [
    *("losslab", "-m", "loss=cross_entropy,mse", "seed=0,1", "trainer.max_epochs=3"),
    *("trainer.accelerator=cpu", "trainer.checkpoint=true", "pictures=null", "folder=sweep"),
]
RUNS = 4


def start(where: Path, arguments: list[str] | None = None) -> Started:
    """The command in a process group of its own; its output goes to `where`/log."""
    where.mkdir(parents=True, exist_ok=True)
    return Started(*(arguments or SWEEP), folder=where, out=where / "log")


def finish(where: Path, arguments: list[str] | None = None, timeout: float = 240) -> int:
    return start(where, arguments).wait(timeout=timeout)


def wait_for(condition: Any, process: Started, seconds: float = 120) -> None:
    """Until `condition()` or the end of `process`."""
    deadline = time.monotonic() + seconds
    while not condition() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def kill_tree(process: Started) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=60)


def finished(sweep: Path) -> dict[str, tuple[int, bytes]]:
    """Run's folder -> time of writing and content of its record."""
    found = sweep.glob("*/record.json")
    return {path.parent.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def results(sweep: Path) -> dict[str, Any]:
    """Run's folder -> all that must not depend on interruptions: no times, no places."""
    gathered = {}
    for folder in sorted(path.parent for path in sweep.glob("*/record.json")):
        record = json.loads((folder / "record.json").read_text())
        curves = [line.split(",") for line in (folder / "curves.csv").read_text().splitlines()]
        gathered[folder.name] = {
            **{key: record[key] for key in ("identity", "status", "metrics", "steps", "findings")},
            "targets": [(target["value"], target["step"]) for target in record["targets"]],
            "curves": [(row[0], *row[2:]) for row in curves],
            "diagnostics": (folder / "diagnostics.csv").read_text(),
        }
    return gathered


def leftovers(sweep: Path) -> list[str]:
    """What only an interrupted run has."""
    return [str(path) for path in sweep.rglob("*") if path.name.endswith((".unfinished", "checkpoint.pt"))]


def attempt(*arguments: str) -> tuple[int, str]:
    """`losslab` with these arguments in this process: (exit status, what went to stderr).

    Anything but an exit with a status is a bug and escapes.
    """
    from losslab.cli import main as main_module

    errors = io.StringIO()
    original = sys.argv
    sys.argv = ["losslab", *arguments]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            main_module.main()
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.argv = original
    return status, errors.getvalue()
