"""A small real sweep to disturb, what an undisturbed one gives, and commands in this process."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
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


def finished(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Run's folder -> time of writing and content of its record, of all runs below `folder`."""
    found = folder.rglob("record.json")
    return {
        str(path.parent.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in found
    }


def results(folder: Path) -> dict[str, Any]:
    """Run's folder -> all that must not depend on interruptions: no times, no places."""
    gathered = {}
    for run in sorted(path.parent for path in folder.rglob("record.json")):
        record = json.loads((run / "record.json").read_text())
        curves = [line.split(",") for line in (run / "curves.csv").read_text().splitlines()]
        diagnostics = run / "diagnostics.csv"
        gathered[str(run.relative_to(folder))] = {
            **{key: record[key] for key in ("identity", "status", "metrics", "steps", "findings")},
            "targets": [(target["value"], target["step"]) for target in record["targets"]],
            "curves": [(row[0], *row[2:]) for row in curves],
            "diagnostics": diagnostics.read_text() if diagnostics.exists() else None,
        }
    return gathered


def leftovers(sweep: Path) -> list[str]:
    """What only an interrupted run has."""
    return [str(path) for path in sweep.rglob("*") if path.name.endswith((".unfinished", "checkpoint.pt"))]


def killed_and_resumed(
    where: Path, command: list[str], folder: Path, kills: int, seconds: float, chance: random.Random
) -> int:
    """Kill the command up to `kills` times, at moments within `seconds` of its plan, then let it finish.

    Args:
        folder: where its runs are.

    Returns how often it was killed: less often, if it ended before.
    """
    done: dict[str, tuple[int, bytes]] = {}
    killed = 0
    while killed < kills:
        process = start(where, command)
        wait_for(lambda: list(folder.rglob("sweep.json")), process)
        time.sleep(chance.uniform(0, seconds))
        if process.poll() is not None:
            break
        kill_tree(process)
        killed += 1
        now = finished(folder)
        assert all(now[name] == record for name, record in done.items()), "a finished run was done again"
        done = now
    assert finish(where, command) == 0, (where / "log").read_text()
    assert all(finished(folder)[name] == record for name, record in done.items())
    assert leftovers(folder) == []
    assert "Traceback" not in (where / "log").read_text()
    return killed


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
