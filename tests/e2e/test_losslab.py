"""The main job as a new user does it: runs, sweeps, resuming, own losses, Ctrl-C."""

import json
import re
import signal
import time

import pandas as pd
import pytest

from commands import Started

SHORT = ("trainer.max_epochs=1", "pictures=null")

MY_LOSSES = """
import math
import torch
from torch import nn

class MyLoss(nn.Module):
    def __init__(self, power: float = 4.0):
        super().__init__()
        self.power = power

    def forward(self, prediction, target):
        return (prediction - target).abs().pow(self.power).mean()

class NanAtStep10(nn.Module):
    calls = 0

    def forward(self, prediction, target):
        loss = (prediction - target).square().mean()
        self.calls += torch.is_grad_enabled()
        return loss * math.nan if self.calls == 10 else loss

class Crashes(nn.Module):
    def forward(self, prediction, target):
        raise ZeroDivisionError("oh no")
"""


@pytest.fixture
def own_losses(tmp_path):
    """The user's working folder: three losses in my_losses.py, each with its YAML."""
    (tmp_path / "my_losses.py").write_text(MY_LOSSES)
    (tmp_path / "loss").mkdir()
    for name, target in (("mine", "MyLoss"), ("nan_at_10", "NanAtStep10"), ("crash", "Crashes")):
        (tmp_path / "loss" / f"{name}.yaml").write_text(
            f"loss: {{_target_: my_losses.{target}}}\noutput_activation: identity\ntargets: one_hot\n"
        )
    return tmp_path


def test_one_run_says_what_it_did_and_where(installed, tmp_path):
    done = installed("losslab", "loss=mse", "seed=1", "trainer.max_epochs=3")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    (record,) = tmp_path.glob("runs/*/record.json")
    assert str(record) in done.stdout.replace("\n", "")
    assert "finished, test accuracy 0." in done.stdout
    assert json.loads(record.read_text())["status"] == "finished"


def test_a_sweep_compares_resumes_and_counts_what_went_wrong(command, own_losses):
    arguments = [
        "losslab",
        "-m",
        "loss=cross_entropy,mine,nan_at_10,crash",
        *SHORT,
        "--config-dir",
        ".",
        "folder=sweep",
    ]
    done = command(*arguments, "seed=0,1")
    folder = own_losses / "sweep"

    assert done.returncode == 1
    assert "2 of 8 runs failed: crash,seed=0" in done.stderr
    assert "ZeroDivisionError: oh no" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    records = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/record.json")}
    assert len(records) == 8
    assert all(record["internal_errors"] == [] for record in records.values())
    statuses = [records[name]["status"] for name in sorted(records)]
    assert statuses == ["failed"] * 2 + ["finished"] * 4 + ["diverged"] * 2
    diverged = [record for record in records.values() if record["status"] == "diverged"]
    assert {record["diverged_at"] for record in diverged} == {10}
    crashed = next(record for record in records.values() if record["status"] == "failed")
    assert "ZeroDivisionError" in crashed["error"]["traceback"]

    table = pd.read_csv(folder / "comparison.csv")
    assert table["arm"].tolist() == ["cross_entropy", "mine", "nan_at_10", "crash"]
    assert (folder / "comparison.md").exists()
    assert (folder / "comparison.png").stat().st_size > 10_000

    # The same command with one more seed: nothing that was done is done again, what failed is.
    before = {name: (folder / name / "record.json").stat().st_mtime_ns for name in records}
    again = command(*arguments, "seed=0,1,2", "retry_failed=true")
    assert "12 runs in sweep, 6 done already" in again.stdout
    after = {name: (folder / name / "record.json").stat().st_mtime_ns for name in records}
    redone = {name for name in records if before[name] != after[name]}
    assert redone == {name for name in records if records[name]["status"] == "failed"}
    assert len(list(folder.glob("*/record.json"))) == 12

    report = command("losslab-report", "sweep", "--reference", "mine")
    assert report.returncode == 0, report.stderr
    assert "cross_entropy" in report.stdout


def test_a_loss_of_ones_own_inline_with_its_arguments(command, own_losses):
    inline = [
        "loss=custom",
        "loss.loss._target_=my_losses.MyLoss",
        "+loss.loss.power=2",
        "loss.targets=one_hot",
    ]
    done = command("losslab", *inline, *SHORT, "folder=mine")
    assert done.returncode == 0, done.stderr
    plain = command("losslab", "loss=mse", *SHORT, "folder=plain")
    assert plain.returncode == 0, plain.stderr
    first, second = (
        json.loads((own_losses / name / "record.json").read_text()) for name in ("mine", "plain")
    )
    # the mean of |x|² is the mean squared error
    assert first["metrics"]["test"]["loss"] == pytest.approx(second["metrics"]["test"]["loss"], rel=1e-4)
    assert first["metrics"]["test"]["loss"] != pytest.approx(1 / 10, rel=1e-2)


def test_ctrl_c_keeps_what_is_finished(tmp_path):
    log = tmp_path / "log"
    arguments = ["-m", "loss=cross_entropy", "seed=range(0,200)", "folder=sweep"]
    process = Started("losslab", *arguments, folder=tmp_path, out=log)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("sweep/*/record.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    text = log.read_text()
    assert "Traceback" not in text
    assert "interrupted" in text
    finished = [json.loads(path.read_text()) for path in tmp_path.glob("sweep/*/record.json")]
    assert 2 <= len(finished) < 200
    assert {record["status"] for record in finished} == {"finished"}
    table = pd.read_csv(tmp_path / "sweep" / "comparison.csv")
    assert table.loc[0, "n"] == len(finished)


def test_seeds_are_added_until_the_question_is_answered(command, tmp_path):
    """Three arms of which one is a copy, one clearly worse: both are decided, the sentences say it."""
    arms = ["loss=cross_entropy,nll,l1", "decide.margin=0.02", "decide.stages=[6,8,10]", "folder=out"]
    cheap = ["trainer.max_epochs=2", "diagnostics=off", "pictures=null"]
    done = command("losslab", "-m", *arms, *cheap)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert re.search(
        r"l1 is worse than cross_entropy by 0\.\d+ \[.*?\] in accuracy, more than the margin of 0\.02", said
    )
    # equal to the last digit in every seed, which the ranks of ten seeds are enough to believe
    assert "nll and cross_entropy are equal within the margin of 0.02" in said
    table = pd.read_csv(tmp_path / "out" / "comparison.csv").set_index("arm")
    assert table.loc["l1", "decision"] == "worse"
    assert table.loc["l1", "runs"] <= table.loc["cross_entropy", "runs"]
    fixed = command("losslab", "-m", *arms[:2], "seed=0,1", "folder=fixed", *cheap)
    assert fixed.returncode == 0, fixed.stderr
    assert "After" not in fixed.stdout  # seeds that are given are the seeds
