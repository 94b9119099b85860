"""What several sweeps, counted as one, say of how far they are."""

import time

from losslab.sweep.progress import Overall


def test_runs_that_have_a_record_already_do_not_count_for_the_time_that_is_left():
    a_minute_ago = time.monotonic() - 60
    overall = Overall(total=100, expected=80, present=8, done=2, started=a_minute_ago)
    assert overall.text(running=2) == "82 of 100 runs, 2 running, 0 failed, 9:00 left"


def test_more_runs_present_than_expected_and_never_more_than_all():
    a_minute_ago = time.monotonic() - 60
    assert Overall(10, expected=2, present=5, done=1, started=a_minute_ago).text(0).startswith("6 of 10 runs")
    assert Overall(10, expected=9, present=3, done=5, started=a_minute_ago).text(0) == (
        "10 of 10 runs, 0 running, 0 failed"
    )
