"""One run over two processes: the same as in one."""

import json

import pandas as pd
import pytest

RUN = ("trainer.batch_size=33", "trainer.max_epochs=2", "diagnostics=off", "pictures=null")


def test_two_processes_give_what_one_gives(installed, train, tmp_path):
    # 33 does not divide by two, and the last batch of 1078 samples is smaller: parts count by their size
    done = installed("losslab", *RUN, "trainer=ddp", "trainer.accelerator=cpu", "folder=two")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("finished") == 1
    two = json.loads((tmp_path / "two" / "record.json").read_text())
    assert two["internal_errors"] == []
    one, folder = train(*RUN)
    assert one.steps == two["steps"]
    for split in ("validation", "test"):
        assert two["metrics"][split]["accuracy"] == one.metrics[split]["accuracy"]
        assert two["metrics"][split]["loss"] == pytest.approx(one.metrics[split]["loss"], rel=1e-5)
    curves = [pd.read_csv(place / "curves.csv") for place in (folder, tmp_path / "two")]
    assert curves[1]["value"].to_numpy() == pytest.approx(curves[0]["value"].to_numpy(), rel=1e-4, abs=1e-6)
    assert len(list((tmp_path / "two").glob("events.*"))) == 1
