"""The first call of a loss, made in a child process: what ends a process there costs one sentence.

An exception is left to the checks and to the run that follow, which report it.
"""

from __future__ import annotations

import copy
import faulthandler
import multiprocessing
import os
import signal
import sys
import warnings
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn

from losslab.errors import UserError
from losslab.losses.criterion import LIBRARIES

SECONDS = 20.0  # a loss that takes longer is called here without a rehearsal
# On other systems a process that has used torch cannot be forked safely. On Linux torch does so for its data
# loaders, with one thread in the child: https://pytorch.org/docs/stable/data.html#platform-specific-behaviors
_CAN_FORK = sys.platform == "linux"


def rehearse(criterion: nn.Module, outputs: Tensor, targets: Tensor, name: str) -> None:
    """Calls a criterion and its gradient once, on a small batch, in a child process; about 0.06 s.

    Does nothing for losses of LIBRARIES, and on systems other than Linux.

    Args:
        criterion: see `losses/criterion.py`.
        outputs: raw, (N, ...), of the network.
        targets: encoded, for the same samples.
        name: of the loss, as chosen on the command line.

    Raises UserError if that ended the process: a segmentation fault, `os._exit`.
    """
    if not _CAN_FORK or _is_known(criterion):
        return
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_call, args=(there, criterion, outputs, targets))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later, about threads and forks
        child.start()
    there.close()
    try:
        if not here.poll(SECONDS):
            return
        here.recv_bytes()
    except EOFError:
        child.join()
        _refuse(child.exitcode or 0, name)
    finally:
        child.kill()
        child.join()
        here.close()


def _is_known(criterion: nn.Module) -> bool:
    """Whether all code that the criterion calls is of LIBRARIES."""
    parts: list[Any] = list(criterion.modules())
    functions = [part.loss for part in parts if hasattr(part, "loss")]
    parts += [getattr(function, "func", function) for function in functions]  # of functools.partial
    return all((getattr(part, "__module__", None) or "").partition(".")[0] in LIBRARIES for part in parts)


def _call(answer: Connection, criterion: nn.Module, outputs: Tensor, targets: Tensor) -> None:
    """The child's life: in silence, and without what a process of Python's does at its end."""
    stderr = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(silence, descriptor)
    if faulthandler.is_enabled():  # PYTHONFAULTHANDLER=1
        faulthandler.enable(stderr)
    torch.set_num_threads(1)
    try:
        value = copy.deepcopy(criterion)(outputs.detach().clone().requires_grad_(), targets)
        value.backward()
    except BaseException:
        pass
    answer.send_bytes(b"still alive")
    os._exit(0)


def _refuse(exitcode: int, name: str) -> None:
    """Raises UserError for a child with this exit code; -N: killed by signal N."""
    if exitcode == -signal.SIGTERM:  # numba sends it to itself after a fork
        return
    how = f"with exit status {exitcode}"
    if exitcode < 0:
        how = f"by {signal.Signals(-exitcode).name} (PYTHONFAULTHANDLER=1 shows where)"
    raise UserError(
        f"loss={name} ends the whole process when it is first called, {how}: it must return a value or raise "
        "an exception; nothing was trained"
    )
