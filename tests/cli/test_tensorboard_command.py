"""`losslab-tensorboard`: its address, and one sentence for each wrong input."""

from __future__ import annotations

import socket
import urllib.request

import pytest

from losslab.cli.tensorboard import main, serve


def test_it_serves_on_localhost_with_a_free_port(train):
    _, folder = train("trainer.max_epochs=1")
    _, address = serve(folder)
    assert address.startswith("http://localhost:")
    with urllib.request.urlopen(f"{address}data/environment") as answer:
        assert b"losslab" in answer.read()


def test_what_cannot_be_shown_is_one_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "nowhere is not a folder" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "has TensorBoard events" in capsys.readouterr().err


def test_a_port_that_is_taken_or_no_port_at_all(tmp_path, capsys):
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main([str(tmp_path), "--port", str(port)]) == 2
    assert f"port {port} cannot be used" in capsys.readouterr().err
    for wrong in ("x", "-1", "65536"):
        with pytest.raises(SystemExit):
            main([str(tmp_path), "--port", wrong])
