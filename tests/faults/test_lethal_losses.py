"""Losses that end their process when they are first called: one sentence, nothing finished is lost."""

from __future__ import annotations

import sys

import pytest
from fault_tools import attempt, finished

LOSS = "loss: {_target_: leaving_loss.leaves}\noutput_activation: identity\ntargets: one_hot\n"
CODE = "import os\ndef leaves(prediction, target):\n    print('once')\n    os._exit(0)\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can fork a process that used torch")
def test_it_is_refused_before_training_and_what_is_finished_stays(tmp_path, monkeypatch, capfd):
    (tmp_path / "leaving_loss.py").write_text(CODE)
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "leaves.yaml").write_text(LOSS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    quick = ["trainer.max_epochs=1", "trainer.accelerator=cpu", "pictures=null", "--config-dir", "."]
    assert attempt("-m", "loss=mse", *quick, "folder=sweep")[0] == 0
    done = finished(tmp_path / "sweep")
    for arguments in (["-m", "loss=mse,leaves", "folder=sweep"], ["loss=leaves", "folder=single"]):
        status, printed = attempt(*arguments, *quick)
        assert status == 2
        assert len(printed.splitlines()) == 1
        assert "loss=leaves ends the whole process when it is first called, with exit status 0" in printed
    assert finished(tmp_path / "sweep") == done
    assert len(done) == 1
    assert not (tmp_path / "single").exists()
    assert "once" not in capfd.readouterr().out
