"""Why a run failed, in words for its record."""

from __future__ import annotations

import traceback

import torch

from losslab.errors import first_line

_NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory", "Cannot allocate memory")


def described(error: BaseException) -> dict[str, str]:
    """{"type", "message", "traceback"}, as a failed run's record has it."""
    message = str(error)
    if is_out_of_memory(error):
        message = (
            f"out of memory ({first_line(error)}): a smaller trainer.batch_size, trainer.eval_batch_size or "
            "model needs less"
        )
    return {
        "type": type(error).__name__,
        "message": message,
        "traceback": "".join(traceback.format_exception(error)),
    }


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the host or on a device; torch's CPU allocator raises a RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
