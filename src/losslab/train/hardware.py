"""How a run uses the machine: accelerator, precision, memory order and portions.

Nothing here changes what is trained, only how it is computed.
"""

from __future__ import annotations

import functools
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch import Tensor, nn

from losslab.config.settings import TrainerSettings
from losslab.errors import UserError
from losslab.train import _lightning

# A convolution over many images writes more than a processor's cache holds: with MNIST's cnn on one
# core, 64 at a time take 0.6 of the time of 256, which take half of that of 2,000.
IMAGES_AT_ONCE = 64


def trainer_arguments(settings: TrainerSettings) -> dict[str, Any]:
    """The arguments of Lightning's Trainer about the machine, from the config group `trainer`."""
    return {
        "accelerator": settings.accelerator,
        "devices": settings.devices,
        "strategy": settings.strategy or "auto",
        "precision": settings.precision,
    }


def check(settings: TrainerSettings) -> None:
    """Asks Lightning whether the accelerator exists and supports the precision. Raises UserError if not."""
    try:
        _try_trainer(**trainer_arguments(settings))
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        asked = f"trainer.accelerator={settings.accelerator} trainer.precision={settings.precision}"
        raise UserError(f"{asked}: {str(error).splitlines()[0]}") from None


@functools.cache
def _try_trainer(**arguments: Any) -> None:
    """Cached, because a Trainer is slow to make: one for all runs of a process."""
    with _lightning.quiet():
        pl.Trainer(**arguments, logger=False, enable_checkpointing=False, enable_progress_bar=False)


def prepare(network: nn.Module, settings: TrainerSettings) -> None:
    """Applies `trainer.precision`, `matmul_precision` and `channels_last` to the network."""
    # https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html
    torch.set_float32_matmul_precision(settings.matmul_precision)
    if settings.precision in ("64-true", "bf16-true"):
        network.register_forward_pre_hook(_as_the_weights)
    if settings.channels_last:
        # https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html
        network.to(memory_format=torch.channels_last)
        network.register_forward_pre_hook(_channels_last)


def _as_the_weights(network: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Inputs in the precision of the weights, which Lightning has converted."""
    dtype = next((parameter.dtype for parameter in network.parameters()), torch.float32)
    return tuple(part.to(dtype) if part.is_floating_point() else part for part in inputs)


def _channels_last(network: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(
        part.contiguous(memory_format=torch.channels_last) if part.ndim == 4 else part for part in inputs
    )


def outputs_of(network: nn.Module, inputs: Tensor) -> Tensor:
    """Outputs, (N, ...), for an evaluation: images go through convolutions in portions on a CPU."""
    if inputs.device.type != "cpu" or len(inputs) <= IMAGES_AT_ONCE or not _convolves(network):
        return network(inputs)
    return torch.cat([network(portion) for portion in inputs.split(IMAGES_AT_ONCE)])


def _convolves(network: nn.Module) -> bool:
    return any(isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d)) for module in network.modules())
