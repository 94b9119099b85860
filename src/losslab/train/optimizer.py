"""The optimiser: made once its parameters are on the training device, which decides whether it is fused.

The learning rate over time is in `schedule.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import torch
from hydra.utils import get_object
from torch import nn

from losslab.config.instantiation import make
from losslab.config.settings import OptimizerSettings

MakeOptimizer = Callable[[Sequence[nn.Parameter]], torch.optim.Optimizer]
_FUSED_ON = ("cpu", "cuda")
_FUSED_TYPES = (torch.float32, torch.float64, torch.bfloat16)


def optimizer_maker(settings: OptimizerSettings, where: str) -> MakeOptimizer:
    """A function that makes the optimiser from its parameters; `fused: auto` is then true or torch's default.

    A fused optimiser does a step for all parameters in one kernel, with the same formula:
    https://docs.pytorch.org/docs/stable/optim.html#algorithms

    Args:
        where: for the error message, e.g. "optimizer=adam".

    Raises UserError if the optimiser cannot be imported.
    """
    if settings.arguments.get("fused") != "auto":
        return make(settings, where)
    plain = make(settings.without("fused"), where)
    if "fused" not in inspect.signature(get_object(settings.target)).parameters:
        return plain
    return lambda parameters: plain(parameters, fused=_supports_fused(parameters) or None)


def _supports_fused(parameters: Sequence[nn.Parameter]) -> bool:
    return all(
        parameter.device.type in _FUSED_ON and parameter.dtype in _FUSED_TYPES for parameter in parameters
    )
