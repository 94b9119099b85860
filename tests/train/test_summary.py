"""What is said of a run when it has ended."""

import pytest
from rich.console import Console

from losslab.look import findings
from losslab.train.summary import print_run


def crashing(criterion, task):
    raise KeyError("gone")


@pytest.mark.parametrize("brief", [True, False])
def test_an_internal_error_is_printed_as_what_it_is(train, monkeypatch, brief):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setattr(findings, "loss_floor", crashing)
    record, folder = train("trainer.max_epochs=1", "diagnostics=off", "pictures=null", breaks=True)
    assert record.findings == []
    out = Console(record=True, width=200)
    print_run(out, record, folder, brief=brief)
    said = out.export_text()
    assert ("internal error: the loss's floor stopped with KeyError: 'gone'; the result stands") in said
    assert "findings" not in said
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    events.Reload()
    (text,) = events.Tensors("internal_errors/text_summary")
    assert "the loss's floor" in text.tensor_proto.string_val[0].decode()
