"""Finds a criterion that is fed the wrong thing, before training: by its config and on a small batch."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from losslab.config.settings import LossSettings, SingleLossSettings
from losslab.errors import UserError, first_line
from losslab.losses.expectations import GIVES, LOGITS, MISUSE, expected_by, is_elementwise
from losslab.losses.make import find_target

_ALL_THE_SAME = "to run it all the same, set allow_misuse=true"


def check_fed(settings: SingleLossSettings, name: str, form: str) -> None:
    """Raises UserError if the output activation, or the form of targets, is not what a loss expects.

    Args:
        settings: of one loss; `misuse: on_purpose` in them allows it.
        form: the form of the targets that it will receive.
    """
    expected = expected_by(settings, name)
    if settings.misuse is not None:
        return
    target = find_target(settings.loss, name)
    given = GIVES[settings.output_activation]
    if reason := MISUSE.get((expected or "", given)):
        raise UserError(f"loss={name}: {settings.loss.target} {reason}; {_ALL_THE_SAME}")
    if form == "class_index" and is_elementwise(target):
        raise UserError(
            f"loss={name}: {settings.loss.target} compares element by element, and class indices (N,) "
            f"would broadcast against outputs (N, K): set loss.targets=one_hot; {_ALL_THE_SAME}"
        )


def check_batch(
    criterion: Any,
    outputs: Tensor,
    targets: Tensor,
    name: str,
    *,
    settings: LossSettings,
    allow_misuse: bool,
) -> None:
    """Raises UserError if a criterion cannot train, or works only by accident, on a small real batch.

    An exception of the loss itself is left to the run, whose record will hold its traceback.

    Args:
        criterion: it is copied, so that a loss with state does not remember this batch.
        outputs: raw, (N, ...), of the network.
        targets: encoded, for the same samples.
        settings: of the whole loss.
    """
    single = settings if isinstance(settings, SingleLossSettings) else None
    if not allow_misuse and (single is None or single.misuse is None):
        if settings.head is None:  # else the loss takes several outputs for each target
            _check_shapes(criterion, outputs, targets, name)
        if single is not None:
            _check_not_probabilities(single, outputs, name)
    outputs = outputs.detach().clone().requires_grad_()
    try:
        value = copy.deepcopy(criterion)(outputs, targets)
    except RuntimeError as error:
        if outputs.shape == targets.shape:
            return
        raise UserError(
            f"loss={name} does not take outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)} "
            f"({criterion.form}): {first_line(error)}"
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException:  # sys.exit() too
        return
    if not isinstance(value, Tensor):
        raise UserError(
            f"loss={name} returns {type(value).__name__}, not a tensor: compute it with torch, not with "
            f"numpy or floats, so that gradients can flow"
        )
    if value.ndim:
        raise UserError(
            f"loss={name} returns shape {tuple(value.shape)}, and training needs one number: "
            f"set loss.loss.reduction=mean where the loss has it, or return .mean()"
        )
    if not value.requires_grad:
        raise UserError(
            f"loss={name} has no gradient with respect to the outputs: something in it detaches the "
            f"prediction (.detach(), .item(), numpy, argmax, a comparison)"
        )


def _check_shapes(criterion: Any, outputs: Tensor, targets: Tensor, name: str) -> None:
    """Refuses two different shapes that torch would silently broadcast to a third."""
    if outputs.shape == targets.shape:
        return
    try:
        together = tuple(torch.broadcast_shapes(outputs.shape, targets.shape))
    except RuntimeError:
        return
    if criterion.form == "class_index" and outputs.ndim > 1 and outputs.shape[1] > 1:
        return  # (N, K) scores and (N,) indices: how cross-entropy is called
    raise UserError(
        f"loss={name}: outputs {tuple(outputs.shape)} and targets {tuple(targets.shape)} would broadcast to "
        f"{together}, every sample against every other: give both one shape; {_ALL_THE_SAME}"
    )


def _check_not_probabilities(settings: SingleLossSettings, outputs: Tensor, name: str) -> None:
    """Raises UserError if the network ends in its own softmax and the loss applies another one."""
    if outputs.ndim < 2 or outputs.shape[1] < 2:
        return
    if expected_by(settings, name) != LOGITS:
        return
    sums = outputs.sum(dim=1)
    if bool((outputs >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        raise UserError(
            f"loss={name} applies its own softmax, but the network's outputs are probabilities already (each "
            f"sample's sum to 1): leave the softmax out of the model; {_ALL_THE_SAME}"
        )


def probe_size(outputs_per_sample: tuple[int, ...], available: int) -> int:
    """A number of samples that no other dimension equals, so that shapes cannot fit by accident."""
    return min(available, next(size for size in range(5, 100) if size not in outputs_per_sample))


def outputs_of(network: nn.Module, inputs: Tensor) -> Tensor:
    """Raw outputs in evaluation mode, without gradient; leaves the network as it was."""
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            return network(inputs)
    finally:
        network.train(training)
