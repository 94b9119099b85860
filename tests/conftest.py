"""What many tests share: configs composed in this process, real data, runs without a terminal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
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
