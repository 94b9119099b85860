"""A run's event file: who may remove it, and who only reads."""

import pytest
from pytorch_lightning.utilities import rank_zero_only

from losslab.look.event_files import RunLogger

OURS, OTHERS = "events.out.tfevents.1.me.1.0.losslab", "events.out.tfevents.1.me.1.0"


@pytest.mark.parametrize(("rank", "left"), [(0, [OTHERS]), (1, [OTHERS, OURS])])
def test_only_the_first_process_removes_what_an_earlier_start_left(tmp_path, monkeypatch, rank, left):
    for name in (OURS, OTHERS):
        (tmp_path / name).write_bytes(b"live")
    monkeypatch.setattr(rank_zero_only, "rank", rank)
    RunLogger(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_other_processes_open_no_file(tmp_path, monkeypatch):
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    logger = RunLogger(tmp_path)
    logger.experiment.add_scalar("loss", 1.0, 1)
    logger.finalize("success")
    logger.close()
    assert list(tmp_path.iterdir()) == []
