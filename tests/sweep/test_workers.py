"""Worker processes: which get what, what comes back, and that none outlives what it works for."""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

from losslab.sweep import workers
from losslab.sweep.workers import WorkerTraceback, work_through


class NeedsTwo(Exception):
    """Cannot be unpickled."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def note_process(folder, number):
    (folder / f"{number}").write_text(f"{os.getpid()}")
    time.sleep(0.05)


def describe(number):
    """Exceptions are what comes back."""
    import torch

    server = Path(f"/proc/{os.getppid()}/status").read_text()
    threads_of_server = server.partition("Threads:")[2].split()[0]
    return ValueError(threads_of_server, torch.get_num_threads(), os.environ.get("SET_LATER"))


def die_beside_another(folder, number):
    if number == 0:
        _wait_for(folder / "1")
        os.kill(os.getpid(), signal.SIGKILL)
    note_process(folder, number)
    time.sleep(0.5 if number == 1 else 0)
    (folder / f"{number} done").touch()


def stop_at_0(folder, number):
    if number == 0:
        _wait_for(folder / "1")
        raise OSError(28, "No space left on device")
    note_process(folder, number)
    time.sleep(60)


def not_picklable(number):
    return NeedsTwo("one", "two")


def _wait_for(path):
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def _is_gone(pid):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_no_worker_ends_before_the_last_item(tmp_path):
    assert work_through(functools.partial(note_process, tmp_path), range(8), 2) == []
    pids = [(tmp_path / f"{number}").read_text() for number in range(8)]
    assert len(set(pids)) == 2
    assert str(os.getpid()) not in pids
    assert all(_is_gone(int(pid)) for pid in set(pids))


def test_the_server_only_imports_and_workers_have_one_thread_and_todays_environment(monkeypatch):
    monkeypatch.setenv("SET_LATER", "yes")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert [error.args for error in work_through(describe, [0], 1)] == [("1", 1, "yes")]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert [error.args for error in work_through(describe, [0], 1)] == [("1", 2, "yes")]


def test_a_killed_worker_costs_its_own_item(tmp_path):
    with pytest.raises(BrokenExecutor):
        work_through(functools.partial(die_beside_another, tmp_path), range(5), 2)
    assert sorted(path.name for path in tmp_path.glob("* done")) == [
        f"{number} done" for number in range(1, 5)
    ]


def test_what_a_worker_raises_ends_the_others(tmp_path):
    with pytest.raises(OSError, match="No space left") as raised:
        work_through(functools.partial(stop_at_0, tmp_path), range(3), 2)
    assert isinstance(raised.value.__cause__, WorkerTraceback)
    assert "in stop_at_0" in str(raised.value.__cause__)
    assert _is_gone(int((tmp_path / "1").read_text()))
    assert not (tmp_path / "2").exists()


def test_an_exception_that_cannot_be_sent_keeps_its_words():
    (error,) = work_through(not_picklable, [0], 1)
    assert isinstance(error, RuntimeError)
    assert str(error) == "NeedsTwo: one two"


def test_a_function_need_not_be_importable(tmp_path):
    told = []
    (error,) = work_through(lambda number: ValueError(told, number), [3], 1)
    assert error.args == ([], 3)


def waits(folder, number):
    note_process(folder, number)
    time.sleep(300)


def conducts(folder):
    workers.start_server = lambda: None  # without the seconds of its imports
    work_through(functools.partial(waits, folder), [0], 1)


def test_workers_end_with_the_process_that_they_work_for(tmp_path):
    parent = multiprocessing.get_context("spawn").Process(target=conducts, args=(tmp_path,))
    parent.start()
    _wait_for(tmp_path / "0")
    time.sleep(0.1)
    worker = int((tmp_path / "0").read_text())
    os.kill(worker, 0)
    parent.kill()
    parent.join()
    assert _is_gone(worker)


def device_beside_another(folder, number):
    (folder / f"{number}").write_text(os.environ["CUDA_VISIBLE_DEVICES"])
    _wait_for(folder / f"{1 - number}")


def test_workers_side_by_side_see_different_gpus(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    work_through(functools.partial(device_beside_another, tmp_path), range(2), 2)
    assert [(tmp_path / str(number)).read_text() for number in range(2)] == ["3", "5"]
