"""Losses of the package's own config, without composing a whole run."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from losslab.config import settings
from losslab.config.hydra_setup import package_folder
from losslab.soundness.subject import Subject, make_subject


def loss_subject(name: str, kind: str) -> Subject:
    """A loss of conf/loss for one kind of targets, as `losslab-check` examines it."""
    return make_subject(settings.named_loss(name, [package_folder("conf")]), name, kind)


def packaged_loss(name: str, kind: str) -> nn.Module:
    """The same loss as a function of raw outputs and encoded targets."""
    criterion: nn.Module = loss_subject(name, kind).criterion()
    return criterion


def value_and_slope(loss: Any, prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The loss (any shape) and the gradient of its sum with respect to the prediction."""
    leaf = prediction.detach().clone().requires_grad_()
    value = loss(leaf, target)
    value.sum().backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad
