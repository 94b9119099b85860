"""What losslab leans on inside TensorBoard and torch's SummaryWriter is still there, and behaves."""

import inspect
import threading

import pytest
import torch
from tensorboard import version
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch.utils.tensorboard import SummaryWriter

from losslab.look import _tensorboard


def of_minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def test_the_version_that_was_tried():
    """Where this skips, the tests below say whether the new version does; then name it."""
    found = {"tensorboard": of_minor(version.VERSION), "torch": of_minor(torch.__version__)}
    if found != {name: of_minor(tried) for name, tried in _tensorboard.TRIED_WITH.items()}:
        pytest.skip(f"tried with {_tensorboard.TRIED_WITH}, this is {found}")


def test_a_graph_is_traced_and_written_as_add_graph_does(tmp_path):
    network, inputs = torch.nn.Linear(3, 2), torch.zeros(2, 3)
    writer = SummaryWriter(str(tmp_path))
    written = []
    writer._get_file_writer().add_graph = written.append
    _tensorboard.write_graph(writer, _tensorboard.traced_graph(network, inputs))
    writer.add_graph(network, inputs)
    writer.close()
    (ours, steps), (theirs, _) = written
    assert [node.op for node in ours.node] == [node.op for node in theirs.node]
    assert steps is not None
    assert "self._get_file_writer().add_graph" in inspect.getsource(SummaryWriter.add_graph)


def test_the_writing_thread_dies_quietly_and_others_do_not(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: said.append(arguments.exc_type))

    def broken():
        raise ZeroDivisionError

    with _tensorboard.quiet_writer_threads():
        writer = EventFileWriter(str(tmp_path))
        monkeypatch.setattr(writer._async_writer._writer, "write", lambda data: broken())
        writer._async_writer.write(b"x")
        writer._async_writer._worker.join(10)
        other = threading.Thread(target=broken)
        other.start()
        other.join()
    assert not writer._async_writer._worker.is_alive()
    assert said == [ZeroDivisionError]
    with pytest.raises(ZeroDivisionError):  # raised again where it can be noted
        writer.flush()
