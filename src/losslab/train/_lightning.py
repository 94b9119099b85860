"""All that changes what Lightning does by itself, and leans on how it does it; tests hold each of it.

Tried with the version below.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Iterator

TRIED_WITH = "2.6.6"
NVML_CHECK = "PYTORCH_NVML_BASED_CUDA_CHECK"
LOGGERS = ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the messages of Lightning that nobody can act on."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # All are about DataLoaders and logging habits that a run does not have.
            warnings.filterwarnings("ignore", module=r"(pytorch_lightning|lightning)\.")
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def keyboard_interrupt_as_such() -> Iterator[None]:
    """Lightning turns Ctrl-C into SystemExit and stops listening for it; make it an interrupt again."""
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
    """torch asks the CUDA library for GPUs, as it does by itself, and not NVML, as Lightning tells it to.

    Its Adam asks at every step. Where there is no driver NVML is looked for on disk each time, a tenth of a
    step of a small network. https://github.com/Lightning-AI/pytorch-lightning/pull/15110 says why Lightning
    does: processes forked after the CUDA library was asked cannot use it. None is, while a run trains.
    """
    told = os.environ.pop(NVML_CHECK, None)
    try:
        yield
    finally:
        if told is not None:
            os.environ[NVML_CHECK] = told
