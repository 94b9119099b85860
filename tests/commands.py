"""The installed commands, each in a process of its own, without the five seconds that its imports take.

A server process imports them once and forks for every command: folder, environment, output, signals and exit
status are the command's own. What only a start from nothing shows is for `installed` in e2e/conftest.py.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    ["losslab.cli.main", "losslab.train.run", "losslab.report.comparison", "torch.utils.tensorboard"]
)


class Started:
    """A command under way, with those methods of `subprocess.Popen` that the tests need."""

    def __init__(
        self, name: str, *arguments: str, folder: Path, out: Path, err: Path | None = None, **variables: str
    ) -> None:
        """Start the command `name` in `folder`; its output is added to `out`, its errors to `err` or there too."""
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", **variables}
        self._process = _SERVER.Process(target=_be, args=(name, arguments, folder, environment, out, err))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid  # also that of its process group

    def poll(self) -> int | None:
        """The exit status, -N where signal N killed it; None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """The exit status; kills the command and raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            raise subprocess.TimeoutExpired(self._process.name, timeout)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


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
    (command,) = entry_points(group="console_scripts", name=name)
    try:
        sys.exit(command.load()())
    finally:
        atexit._run_exitfuncs()  # processes of multiprocessing end without
