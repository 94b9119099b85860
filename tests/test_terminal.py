"""Output that cannot be written costs lines, never the command."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from losslab.support.terminal import NOTEBOOK_WIDTH, console, forgive_output


@pytest.fixture
def stdout(monkeypatch, capsys):
    """stdout(stream) puts a stream in the place of the process's own; returns what print then writes to."""

    def put(stream):
        monkeypatch.setattr(sys, "__stdout__", stream)
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr("losslab.support.terminal.atexit.register", lambda function: None)
        forgive_output()
        return sys.stdout

    return put


def test_a_reader_that_has_enough(stdout, capsys):
    reader, writer = os.pipe()
    out = stdout(os.fdopen(writer, "w"))
    print("one", flush=True)
    assert os.read(reader, 10) == b"one\n"
    os.close(reader)
    for _ in range(3):
        print("x" * 10**6, flush=True)
    out.close()
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said_once(stdout, capsys):
    out = stdout(Path("/dev/full").open("w"))  # noqa: SIM115
    for _ in range(3):
        print("x", flush=True)
    out.close()
    assert capsys.readouterr().err == "losslab: output is lost: No space left on device\n"


def test_a_terminal_of_ascii(stdout):
    content = io.BytesIO()
    stdout(io.TextIOWrapper(content, encoding="ascii"))
    print("0.5 ± 0.1", flush=True)
    assert content.getvalue() == b"0.5 ? 0.1\n"


def test_a_closed_descriptor(stdout):
    out = stdout(None)
    print("nobody reads it", flush=True)
    assert out.name == os.devnull
    out.close()


def test_what_is_no_standard_stream_stays(monkeypatch):
    monkeypatch.setattr(sys, "stdout", into := io.StringIO())
    forgive_output()
    assert sys.stdout is into


def test_a_notebook_gets_plain_wide_text(monkeypatch, capsys):
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")  # Jupyter sets both for kernels, and so for their `!` commands
    monkeypatch.setenv("COLUMNS", "80")
    out = console.__wrapped__()
    assert out.width == NOTEBOOK_WIDTH
    out.print("[bold red]better[/]")
    assert capsys.readouterr().out == "better\n"
