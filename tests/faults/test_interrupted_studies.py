"""Claims and studies of the user's own training that are killed, and go on: the undisturbed result.

Not here: sweeps (`test_interrupted_sweeps.py`).
"""

from __future__ import annotations

import dataclasses
import json
import os
import random
import runpy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_tools import finished, kill_tree, killed_and_resumed, leftovers, results, start, wait_for

from losslab.cli.reproduce import main as reproduce

SEED = 20241
KILLS = int(os.environ.get("LOSSLAB_KILLS", "50"))  # of each

CLAIM = """\
# @package _global_
# Cross-entropy against MSE, on a small linear model.
defaults:
  - override /task: digits
  - override /model: linear
  - override /diagnostics: "off"

task:
  recipe: {max_epochs: 2}
trainer: {accelerator: cpu}
pictures: null

claim:
  statement: A linear model learns with both.
  source: this test
  arms:
    cross_entropy: loss=cross_entropy
    mse: loss=mse
  tune:
    optimizer.lr: [1e-3, 1e-2]
  stages: 2
  tuning_seeds: [1200]
  check: measure
  predictions:
    - says: Both arms learn.
      why: The digits are easy.
      role: core
      metric: accuracy
      arm: [cross_entropy, mse]
      at_least: 0.2
    - says: It is one.
      why: It must be.
      role: side
      quantity: one
      equals: 1
      within: 0.1
"""
CHECK = """\
from losslab.claims.check_result import CheckResult

def measure(quick):
    return CheckResult({"one": 1.0}, [], [])
"""
STUDY = """\
import time
from pathlib import Path

import torch
from torch import nn

import losslab

LOSSES = {"squared": nn.MSELoss, "absolute": nn.L1Loss, "huber": nn.HuberLoss}


def train(run):
    inputs = torch.randn(200, 3)
    targets = inputs.sum(dim=1, keepdim=True) + 0.1 * torch.randn(200, 1)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=run.params["lr"])
    for step in range(30):
        loss = run.loss(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(step, loss=loss)
        time.sleep(0.005)
    error = (model(inputs) - targets).square().mean().item()
    return {"val/error": error, "test/error": error}


study = losslab.compare(
    train, LOSSES, metric="error", lower_is_better=True, margin=0.05, seeds=3, tune={"lr": [0.01, 0.1]},
    tuning_seeds=[9], folder="studies/study",
)
Path("told").write_text(str(study))
"""


@dataclasses.dataclass(frozen=True)
class Disturbed:
    """What is killed: a command whose runs are those of several sweeps, below the folder `studies`.

    Attributes:
        files: path in the working folder -> content.
        command: what is run there, as a process.
        here: the same in this process.
        runs: how many there are.
        told: from the working folder to what the command found out.
    """

    files: dict[str, str]
    command: list[str]
    here: Callable[[], Any]
    runs: int
    told: Callable[[Path], Any]

    def prepared(self, where: Path) -> Path:
        """The new working folder `where`, with the files."""
        for name, content in self.files.items():
            (where / name).parent.mkdir(parents=True, exist_ok=True)
            (where / name).write_text(content)
        return where

    def outcome(self, where: Path) -> tuple[Any, Any]:
        """All that must not depend on interruptions."""
        return results(where / "studies"), self.told(where)


def verdict(where: Path) -> Any:
    told = json.loads((where / "studies" / "mine" / "verdict.json").read_text())
    return {key: told[key] for key in told if key not in ("seconds", "command", "environment")}


REPRODUCE = ["mine", "--config-dir", "own", "--folder", "studies", "--jobs", "1"]
DISTURBED = {
    "losslab-reproduce": Disturbed(
        files={"own/experiment/mine.yaml": CLAIM, "own/experiment/mine.py": CHECK},
        command=["losslab-reproduce", *REPRODUCE],
        here=lambda: reproduce(REPRODUCE),
        runs=8,
        told=verdict,
    ),
    "losslab.compare": Disturbed(
        files={"study.py": STUDY},
        command=["study.py"],
        here=lambda: runpy.run_path("study.py", run_name="__main__"),
        runs=15,
        told=lambda where: (where / "told").read_text(),
    ),
}


@pytest.fixture(params=DISTURBED)
def disturbed(request):
    return DISTURBED[request.param]


@pytest.fixture
def undisturbed(disturbed, tmp_path, monkeypatch):
    """(outcome, seconds) when nobody disturbs it."""
    where = disturbed.prepared(tmp_path / "undisturbed")
    monkeypatch.chdir(where)
    began = time.monotonic()
    disturbed.here()
    found = disturbed.outcome(where)
    assert len(found[0]) == disturbed.runs
    return found, time.monotonic() - began


def test_killed_once_while_it_trains(disturbed, undisturbed, tmp_path, monkeypatch):
    where = disturbed.prepared(tmp_path / "killed")
    process = start(where, disturbed.command)
    # more than half: what is tuned is done, what is reported is not
    wait_for(lambda: len(finished(where / "studies")) > disturbed.runs // 2, process)
    kill_tree(process)
    done = finished(where / "studies")
    assert disturbed.runs // 2 < len(done) < disturbed.runs
    monkeypatch.chdir(where)
    disturbed.here()
    assert done.items() <= finished(where / "studies").items()
    assert leftovers(where) == []
    assert disturbed.outcome(where) == undisturbed[0]


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_killed_at_random_moments(disturbed, undisturbed, tmp_path, tell):
    expected, seconds = undisturbed
    chance = random.Random(SEED)
    killed, studies = 0, 0
    while killed < KILLS:
        where = disturbed.prepared(tmp_path / f"{studies}")
        kills = min(4, KILLS - killed)
        killed += killed_and_resumed(where, disturbed.command, where / "studies", kills, seconds, chance)
        studies += 1
        assert disturbed.outcome(where) == expected
    tell(killed, "kills", {"studies": studies})
