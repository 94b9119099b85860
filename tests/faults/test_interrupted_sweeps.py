"""Sweeps that are killed or interrupted, and go on: every run once, with the undisturbed result."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest
from fault_tools import (
    RUNS,
    SWEEP,
    attempt,
    finish,
    finished,
    kill_tree,
    killed_and_resumed,
    leftovers,
    results,
    start,
    wait_for,
)

SEED = 20240
KILLS = int(os.environ.get("LOSSLAB_KILLS", "50"))  # of each launcher


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """(results of a sweep that nobody disturbs, seconds it trains)."""
    where = tmp_path_factory.mktemp("undisturbed")
    process = start(where)
    wait_for((where / "sweep" / "sweep.json").exists, process)
    began = time.monotonic()
    assert process.wait(timeout=240) == 0, (where / "log").read_text()
    return results(where / "sweep"), time.monotonic() - began


def test_killed_once(tmp_path, monkeypatch):
    """The fast part: killed once something is done; the other two sweeps are made in this process."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "undisturbed").mkdir()
    monkeypatch.chdir(tmp_path / "undisturbed")
    assert attempt(*SWEEP[1:]) == (0, "")
    process = start(tmp_path / "killed")
    wait_for(lambda: finished(tmp_path / "killed" / "sweep"), process)
    time.sleep(0.3)
    kill_tree(process)
    done = finished(tmp_path / "killed" / "sweep")
    assert 1 <= len(done) <= RUNS
    monkeypatch.chdir(tmp_path / "killed")
    assert attempt(*SWEEP[1:]) == (0, "")
    again = finished(tmp_path / "killed" / "sweep")
    assert all(again[name] == record for name, record in done.items())
    assert results(tmp_path / "killed" / "sweep") == results(tmp_path / "undisturbed" / "sweep")
    assert leftovers(tmp_path / "killed") == []


@pytest.mark.faults
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_killed_at_random_moments(tmp_path, undisturbed, tell, launcher):
    """Also while the comparison is written: the moments go on to the end of the command."""
    command = [*SWEEP, f"hydra/launcher={launcher}"]
    expected, seconds = undisturbed
    chance = random.Random(SEED + 1)
    killed, sweeps = 0, 0
    while killed < KILLS:
        where = tmp_path / f"{sweeps}"
        kills = min(4, KILLS - killed)
        killed += killed_and_resumed(where, command, where / "sweep", kills, seconds, chance)
        sweeps += 1
        assert results(where / "sweep") == expected
    tell(killed, "kills", {"sweeps": sweeps})


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_ctrl_c(tmp_path, undisturbed, times, after):
    """Interrupted while it trains, with `after` runs finished: no busy machine shifts that moment."""
    expected, _ = undisturbed
    sweep = tmp_path / "sweep"
    process = start(tmp_path)
    wait_for((sweep / "sweep.json").exists, process)
    wait_for(lambda: len(finished(sweep)) >= after, process)
    time.sleep(0.2)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert process.wait(timeout=60) != 0
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    assert "interrupted: what was finished is kept" in log
    done = finished(sweep)
    assert finish(tmp_path) == 0
    assert all(finished(sweep)[name] == record for name, record in done.items())
    assert results(sweep) == expected
    assert leftovers(sweep) == []
