"""What many tests share: configs composed in this process, real data, runs without a terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from losslab.config.settings import RunSettings

# Nothing heavy is imported here: pytest-xdist's first process runs no test, but reads this file before it
# starts the others. torch reads the variable when it is imported: one thread, also in processes under test.
os.environ["OMP_NUM_THREADS"] = "1"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: the commands under test would inherit that Ctrl-C does nothing.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def composed() -> Callable[..., RunSettings]:
    """composed("loss=mse", "seed=1") -> settings, as the command would make them."""
    from losslab.config.compose import compose_run

    return compose_run


@pytest.fixture
def train(composed: Callable[..., RunSettings], tmp_path: Path) -> Callable[..., tuple[Any, Path]]:
    """train("loss=mse", ...) -> (record, folder): one real run in this process.

    Two epochs, and no pictures of predictions (two thirds of a small run's time), unless told otherwise. It
    must have no internal error; with `breaks=True` it must have one.
    """
    from losslab.train.run import run

    count = 0

    def make(*overrides: str, breaks: bool = False) -> tuple[Any, Path]:
        nonlocal count
        count += 1
        folder = tmp_path / f"run{count}"
        folder.mkdir()
        chosen = ["trainer.accelerator=cpu", "trainer.max_epochs=2", "pictures=null", *overrides]
        record = run(composed(*chosen), chosen, folder)
        assert bool(record.internal_errors) == breaks, record.internal_errors
        return record, folder

    return make


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """tell(5000, "claims", {"read": 12, "refused": 4988}): what a part of the fault suite tried, and saw."""

    def note(tried: int, what: str, outcomes: Mapping[str, object] | None = None) -> None:
        seen = ", ".join(f"{name}: {value}" for name, value in (outcomes or {}).items())
        record_property("fault", f"{tried:,} {what} | {seen}")

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Rows for docs/reliability.md, of the parts of the fault suite that ran: test, tried, seen, seconds."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    ran = [report for report in reports if report.when == "call" and "fault" in dict(report.user_properties)]
    if ran:
        terminalreporter.section("fault suite")
    for report in sorted(ran, key=lambda report: report.nodeid):
        told = dict(report.user_properties)["fault"]
        name = report.nodeid.rpartition("::")[2]
        failed = " FAILED" if report.failed else ""
        terminalreporter.write_line(f"| `{name}` | {told} | {report.duration:.0f} s |{failed}")


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """The folder with real data; skips without one, fails where LOSSLAB_REQUIRE_REAL_DATA=1."""
    folder = Path(os.environ.get("LOSSLAB_DATA", "/nonexistent"))
    if not (folder / "MNIST" / "raw").is_dir():
        message = "needs real data: set LOSSLAB_DATA to a folder with MNIST/raw"
        if os.environ.get("LOSSLAB_REQUIRE_REAL_DATA") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return folder
