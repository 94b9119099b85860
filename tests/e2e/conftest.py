"""The installed commands in an empty folder, forked or started from nothing; and a real browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commands import Started

COMMANDS = Path(sys.executable).parent
BROWSER_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """installed("losslab", "loss=mse", ...) in an empty folder, on the CPU, without a data folder.

    Started from nothing, as a shell does: six seconds for a run. Where the start is not the point: `command`.
    """
    monkeypatch.delenv("LOSSLAB_DATA", raising=False)

    def start(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CUDA_VISIBLE_DEVICES": "", **variables}
        return subprocess.run(
            [str(COMMANDS / name), *arguments],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return start


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same in a forked process, which has its imports done."""
    monkeypatch.delenv("LOSSLAB_DATA", raising=False)

    def start(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        out, err = tmp_path / ".out", tmp_path / ".err"
        for path in (out, err):
            path.write_text("")
        variables = {"XDG_CACHE_HOME": str(tmp_path / "cache"), **variables}
        started = Started(name, *arguments, folder=tmp_path, out=out, err=err, **variables)
        status = started.wait(timeout=240)
        return subprocess.CompletedProcess([name, *arguments], status, out.read_text(), err.read_text())

    return start


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium; skips without it, fails where LOSSLAB_REQUIRE_BROWSER=1."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    missing = "" if path else "no chromium on this machine (Debian: apt-get install chromium)"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed (pip install playwright)"
    if missing:
        if os.environ.get("LOSSLAB_REQUIRE_BROWSER") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield started
        started.close()
