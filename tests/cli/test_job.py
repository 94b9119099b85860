"""What surrounds a run in a sweep."""

import sys
import time

import pytest

from losslab.cli.job import raise_lost_interrupts


class Destroyed:
    def __init__(self, error):
        self.error = error

    def __del__(self):
        raise self.error


def test_an_interrupt_in_a_destructor_counts(capsys, monkeypatch):
    def interrupted():
        Destroyed(KeyboardInterrupt())
        time.sleep(10)

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    raise_lost_interrupts()

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - started < 5
    assert capsys.readouterr().err == ""


def test_other_errors_there_go_where_they_went(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: seen.append(lost.exc_type))
    raise_lost_interrupts()
    Destroyed(ValueError())
    assert seen == [ValueError]
