"""A run on mnist stays small: measured in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.faults
@pytest.mark.real_data
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_peak_of_mnist_runs(real_data_dir):
    script = Path(__file__).parent / "peak_memory.py"
    command = [sys.executable, str(script), "2", "trainer.max_epochs=1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout
    peaks = [int(number) for number in re.findall(r"run \d+ finished: (\d+) MB", said)]
    assert len(peaks) == 2
    assert max(peaks) < 350
