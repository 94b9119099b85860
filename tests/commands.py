"""The installed commands and our scripts, each in a process of its own, without the seconds for imports.

A server process imports them once and forks for every command: folder, environment, output, signals and exit
status are the command's own. What a start from nothing shows is for `installed` in e2e/conftest.py. Memory is
not measured here: pages that a forked process shares count when it first touches them.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["losslab.sweep.preload", "losslab.cli.main", "losslab.report.comparison.tensorboard"]
)


class Started:
    """A command under way, with those methods of `subprocess.Popen` that the tests need."""

    def __init__(
        self, name: str, *arguments: str, folder: Path, out: Path, err: Path | None = None, **variables: str
    ) -> None:
        """Start the command or the script (a path that ends in .py) `name` in `folder`.

        Its output is added to the file `out`, its errors to `err` or there too.
        """
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **variables}
        self._process = _SERVER.Process(target=_be, args=(name, arguments, folder, environment, out, err))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid  # also that of its process group
        atexit.register(self._kill)  # where a test failed before its end, multiprocessing would wait for it

    def poll(self) -> int | None:
        """The exit status, -N where signal N killed it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """The exit status; kills the command and raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._kill()
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def _kill(self) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def _be(
    name: str,
    arguments: tuple[str, ...],
    folder: Path,
    environment: Mapping[str, str],
    out: Path,
    err: Path | None,
) -> None:
    """Become the command: in a process group of its own, as a shell starts it."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for path, descriptor in ((out, 1), (err or out, 2)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [name, *arguments]
    try:
        if name.endswith(".py"):
            sys.path.insert(0, str(Path(name).parent))  # as Python does it for a script
            runpy.run_path(name, run_name="__main__")
        else:
            (command,) = entry_points(group="console_scripts", name=name)
            sys.exit(command.load()())
    finally:
        # what ends a process of Python's, but none of multiprocessing's
        threading._shutdown()
        atexit._run_exitfuncs()
