"""The installed commands and our scripts, each in a process of its own, without the seconds for imports.

A server process imports them once and forks for every command: folder, environment, output, signals and exit
status are the command's own, and so is the fork server of its sweep. What a start from nothing shows is for
`installed` in e2e/conftest.py. Memory is not measured here: pages that a forked process shares count when it
first touches them.
"""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import entry_points
from multiprocessing import forkserver, util
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
    # as a shell and Python pass it; Lightning starts the other processes of a run by it
    sys.argv = [name if name.endswith(".py") else str(Path(sys.executable).parent / name), *arguments]
    _have_a_fork_server_ready()
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


def _have_a_fork_server_ready() -> None:
    """The fork server that this process starts for a sweep's workers has its imports done: five seconds less.

    It is forked now, while this process has done nothing yet, and waits for the sockets that it must serve.
    """
    here, there = socket.socketpair()
    server = os.fork()
    if server == 0:
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            here.close()
            code, sockets, *_ = socket.recv_fds(there, 65536, 2)
            there.close()
            if code:  # else the command ended without a sweep
                serve = code.decode().partition("; ")[2]  # "main(listener, alive, preload, **settings)"
                exec(serve, {"main": lambda _, __, *rest, **more: forkserver.main(*sockets, *rest, **more)})
        finally:
            os._exit(0)
    there.close()
    start_process = util.spawnv_passfds

    def start(path: str, arguments: list[str], descriptors: list[int]) -> int:
        if here.fileno() < 0 or "multiprocessing.forkserver import main" not in arguments[-1]:
            return start_process(path, arguments, descriptors)
        socket.send_fds(here, [arguments[-1].encode()], descriptors)
        here.close()
        return server

    util.spawnv_passfds = start
