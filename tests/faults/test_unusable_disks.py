"""A disk that is full or read-only: one sentence, and the sweep goes on once there is room."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from fault_tools import RUNS, finish, finished, leftovers, results

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path):
    """disk("size=600k") mounts a small file system, or changes its options; skips where it may not."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def make(options):
        nonlocal mounted
        try:
            if mounted:
                mount("-o", f"remount,{options}", str(place))
            else:
                mount("-t", "tmpfs", "-o", options, "tmpfs", str(place))
                mounted = True
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"mounting a tmpfs is not allowed here (uid {os.geteuid()}): {error}")
        return place

    yield make
    if mounted:
        subprocess.run(["umount", "-l", str(place)], check=False)


def sentence(log):
    return [line for line in log.splitlines() if line.startswith("losslab: ")]


@pytest.mark.parametrize("size", ["64k", "200k", "350k"])
def test_a_full_disk(disk, size, tmp_path):
    sweep = [
        *("losslab", "-m", "loss=cross_entropy,mse", "seed=0,1", "trainer.max_epochs=2", "pictures=null"),
        *("trainer.accelerator=cpu", "trainer.checkpoint=true", "folder=disk/sweep"),
    ]
    place = disk(f"size={size}")
    status = finish(tmp_path, sweep)
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log
    done = finished(place / "sweep")
    if status == 0:  # TensorBoard's files were given up, everything else found room
        assert len(done) == RUNS
    else:
        assert re.search(r"losslab: .*No space left on device", log), log
    for _, content in done.values():
        assert b'"status": "finished"' in content
    disk("size=64m")
    assert finish(tmp_path, sweep) == 0
    assert all(finished(place / "sweep")[name] == record for name, record in done.items())
    assert leftovers(place / "sweep") == []
    roomy = [*sweep[:-1], "folder=roomy"]
    assert finish(tmp_path, roomy) == 0
    fields = ("metrics", "curves", "targets", "status")
    full, free = results(place / "sweep"), results(tmp_path / "roomy")
    assert full.keys() == free.keys()
    assert all(full[name][field] == free[name][field] for name in free for field in fields)


def test_a_read_only_disk(disk, tmp_path):
    sweep = ["losslab", "-m", "seed=0,1", "trainer.max_epochs=1", "trainer.accelerator=cpu", "pictures=null"]
    place = disk("size=16m")
    assert finish(tmp_path, [*sweep, "folder=disk/sweep"]) == 0
    done = finished(place / "sweep")
    disk("ro")
    for folder in ("disk/sweep", "disk/other"):
        for mode in (sweep, ["losslab", *sweep[3:]]):
            (tmp_path / "log").unlink()
            assert finish(tmp_path, [*mode, f"folder={folder}"]) != 0
            log = (tmp_path / "log").read_text()
            assert "Traceback" not in log
            assert len(sentence(log)) == 1, log
            assert "Read-only file system" in log
    assert finished(place / "sweep") == done
