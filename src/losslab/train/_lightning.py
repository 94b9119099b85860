"""All changes to Lightning's behaviour, and all code that depends on its internals. Each has a test.

Tried with the version below.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Iterator

from pytorch_lightning.utilities.exceptions import SIGTERMException

__all__ = ["SIGTERMException", "keyboard_interrupt_as_such", "quiet", "without_nvml"]

TRIED_WITH = "2.6.6"
NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"
LOGGERS = ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppresses Lightning's messages that the user cannot act on."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # All are about DataLoaders and logging that a run does not use.
            warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning)\.")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def keyboard_interrupt_as_such() -> Iterator[None]:
    """Lightning turns Ctrl-C into SystemExit and then ignores it; this makes it an interrupt again."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, handler)
            raise KeyboardInterrupt from None
        raise


@contextlib.contextmanager
def without_nvml() -> Iterator[None]:
    """Lets torch ask the CUDA library for GPUs, its default, instead of NVML, which Lightning sets.

    torch's Adam asks at every step. Without a driver it then searches the disk for NVML each time, which
    takes a tenth of a step of a small network. Lightning's reason is that processes forked after a call of
    the CUDA library cannot use it (https://github.com/Lightning-AI/pytorch-lightning/pull/15110). A run forks
    no such process while it trains.
    """
    told = os.environ.pop(NVML_CHECK, None)
    try:
        yield
    finally:
        if told is not None:
            os.environ[NVML_CHECK] = told
