"""Worker processes for the runs of a sweep on this machine.

A fork server imports torch once, each worker is forked from it in milliseconds, and gets one run after the
other until the sweep ends. The server only imports: a process that has computed with several threads cannot
be forked safely. Where a platform cannot fork, each worker imports for itself.
https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

import cloudpickle

from losslab.sweep import devices

# Numeric libraries read these when a process imports them. More threads than cores slow each other down by a
# large factor, so each worker has one, unless the environment says otherwise.
# https://pytorch.org/docs/stable/notes/cpu_threading_torchscript_inference.html#tuning-the-number-of-threads
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()

Work = Callable[[Any], Exception | None]


class WorkerTraceback(Exception):
    """Where in the worker process an exception was raised; the cause of that exception here."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def start_server() -> None:
    """Starts the fork server if there is none; it imports torch while this process goes on."""
    if _CAN_FORK:
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(["losslab.sweep.preload"])
        with one_thread_each(), _interrupts_ignored():
            forkserver.ensure_running()


def work_through(work: Work, items: Sequence[Any], processes: int) -> list[Exception]:
    """Calls `work` with each item in one of `processes` worker processes, and returns what it returned.

    Items are handed out one at a time, in order. An exception that `work` raises ends all workers, and is
    raised here. Every worker is killed when this function is left early, or when this process ends.

    Raises BrokenExecutor at the end if a worker process was killed; the other workers do the other items.
    """
    waiting = collections.deque(items)
    returned: list[Exception] = []
    killed = False
    with _Workers(work) as workers:
        while waiting or workers.busy:
            while waiting and len(workers.busy) < processes:
                killed |= not workers.give(waiting.popleft())
            for outcome in workers.outcomes():
                if outcome is None:
                    killed = True
                elif outcome.ends:
                    raise outcome.exception()
                elif outcome.error is not None:
                    returned.append(outcome.exception())
    if killed:
        raise BrokenExecutor("a worker process was killed")
    return returned


class _Outcome:
    """What `work` returned or raised; picklable."""

    def __init__(self, error: BaseException | None, ends: bool) -> None:
        self.ends = ends
        self.error = error
        self.where = "".join(traceback.format_exception(error)) if error else ""
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            self.error = RuntimeError(f"{type(error).__name__}: {error}")

    def exception(self) -> Any:
        assert self.error is not None
        self.error.__cause__ = WorkerTraceback(self.where)
        return self.error


class _Workers:
    """The worker processes: `busy` ones have an item, idle ones wait for the next until the block ends."""

    def __init__(self, work: Work) -> None:
        self._work = cloudpickle.dumps(work)  # the user's functions may be defined in a notebook
        self.busy: dict[Connection, BaseProcess] = {}
        self._idle: dict[Connection, BaseProcess] = {}
        self._devices = devices.visible()

    def __enter__(self) -> _Workers:
        start_server()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        workers = {**self.busy, **self._idle}
        for connection, process in workers.items():
            connection.close()  # an idle worker then ends by itself
            if kind is not None:
                process.kill()
        for process in workers.values():
            process.join()

    def give(self, item: Any) -> bool:
        """Gives `item` to an idle worker, or to a new one; returns whether that worker is alive."""
        connection, process = self._idle.popitem() if self._idle else self._start()
        try:
            connection.send_bytes(cloudpickle.dumps(item))
        except OSError:
            process.join()
            return False
        self.busy[connection] = process
        return True

    def outcomes(self) -> Iterator[_Outcome | None]:
        """Waits until a busy worker is done; None stands for a worker that was killed."""
        ready = wait([*self.busy, *(process.sentinel for process in self.busy.values())])
        for connection, process in list(self.busy.items()):
            if connection not in ready and process.sentinel not in ready:
                continue
            del self.busy[connection]
            try:
                outcome = connection.recv() if connection.poll() else None
            except (EOFError, OSError):
                outcome = None
            if outcome is None:
                process.join()
            else:
                self._idle[connection] = process
            yield outcome

    def _start(self) -> tuple[Connection, BaseProcess]:
        context: Any = multiprocessing.get_context("forkserver" if _CAN_FORK else "spawn")
        here, there = context.Pipe()
        taken = {process.name for process in (*self.busy.values(), *self._idle.values())}
        number = next(one for one in itertools.count() if _name(one) not in taken)
        environment = {**os.environ, **_thread_settings()}
        devices.use(number, self._devices, environment)
        process = context.Process(target=_serve, args=(there, self._work, environment), name=_name(number))
        with one_thread_each(), _main_not_imported():
            process.start()
        there.close()
        return here, process


def _name(number: int) -> str:
    return f"losslab worker {number}"


def _serve(connection: Connection, work: bytes, environment: Mapping[str, str]) -> None:
    """The life of a worker process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.clear()  # the fork server has the environment of its start
    os.environ.update(environment)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(int(environment["OMP_NUM_THREADS"]))
    function: Work = pickle.loads(work)
    while True:
        try:
            item = pickle.loads(connection.recv_bytes())
        except EOFError:
            return
        try:
            outcome = _Outcome(function(item), ends=False)
        except BaseException as error:
            outcome = _Outcome(error, ends=True)
        connection.send(outcome)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _thread_settings() -> dict[str, str]:
    one = os.environ.get("OMP_NUM_THREADS", "1")
    return {name: os.environ.get(name, one) for name in THREAD_VARIABLES}


@contextlib.contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes started inside it compute with the workers' number of threads."""
    added = [name for name in THREAD_VARIABLES if name not in os.environ]
    os.environ.update(_thread_settings())
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A process started inside it does not print a traceback if Ctrl-C meets it while it imports."""
    if threading.current_thread() is not threading.main_thread():  # which alone may change signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _main_not_imported() -> Iterator[None]:
    """A process started inside it does not run the user's script again, which may lack a `__main__` guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
