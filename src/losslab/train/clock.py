"""How long a run takes, in parts."""

from __future__ import annotations

import time

from losslab.records.record import Timing


class Clock:
    """Seconds of a run, by wall clock and by processor.

    Attributes:
        started: `time.perf_counter()` at its start.
        setup: seconds until `ready`.
    """

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.setup = 0.0
        self._processor_started = time.process_time()

    def ready(self) -> None:
        """Marks the end of the setup; training follows."""
        self.setup = time.perf_counter() - self.started

    def timing(self, training: float, evaluation: float, before: float) -> Timing:
        """The record's timing. Args: seconds by part; `before`: seconds before an interruption."""
        return {
            "setup": self.setup,
            "training": training,
            "evaluation": evaluation,
            "total": time.perf_counter() - self.started + before,
            "processor": time.process_time() - self._processor_started,
        }
