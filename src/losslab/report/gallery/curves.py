"""Values and derivatives along one line: what the gallery draws."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor, nn

from losslab.config.instantiation import make
from losslab.config.settings import Target
from losslab.losses.expectations import LOG_VALUES
from losslab.soundness.examples import ExampleKind
from losslab.soundness.subject import Subject

POINTS = 161


@dataclasses.dataclass
class Curve:
    """Attributes:
    label: distinguishes this line from the others in the picture; may be empty.
    x, value, derivative: (POINTS,) float64.
    """

    label: str
    x: Tensor
    value: Tensor
    derivative: Tensor


@dataclasses.dataclass
class Picture:
    """Attributes:
    name: in the catalogue.
    x_label: what is varied.
    y_label: of the left half; the right half shows its derivative.
    """

    name: str
    x_label: str
    y_label: str
    curves: list[Curve]


def loss_picture(subject: Subject) -> Picture:
    """The loss as outputs move from wrong to right, or, in regression, past the target.

    Multiclass: the lead of the true class over nine others. Segmentation: all pixels at once, in an image
    that is one quarter foreground.
    """
    if subject.kind.name == "regression":
        target, label = (3.0, "prediction, for the target 3") if subject.expects == LOG_VALUES else (0.0, "")
        x = torch.linspace(-3, 3, POINTS, dtype=torch.float64)
        targets = torch.full((1, 1), target, dtype=torch.float64)
        zero = torch.zeros(1, 1)
        curves = [_loss_curve(subject, "", x, targets, torch.ones(1, 1), zero, subject.kind.head.predicting)]
        return Picture(subject.name, label or "residual (prediction - target)", "loss", curves)
    x = torch.linspace(-8, 8, POINTS, dtype=torch.float64)
    if subject.kind.name == "multiclass":
        wide = dataclasses.replace(subject, kind=ExampleKind("multiclass", subject.kind.forms, (10,)))
        targets = torch.zeros(1, dtype=torch.long)
        direction = torch.zeros(1, 10)
        direction[0, 0] = 1
        curves = [_loss_curve(wide, "", x, targets, direction, torch.zeros(1, 10))]
        return Picture(subject.name, "lead of the true class's logit", "loss", curves)
    if subject.kind.name == "segmentation":
        mask = torch.zeros(1, 1, 8, 8)
        mask[..., :4, :4] = 1
        curves = [_loss_curve(subject, "", x, mask, 2 * mask - 1, torch.zeros_like(mask))]
        return Picture(subject.name, "logit on the right side, all pixels", "loss", curves)
    one = torch.ones(1, *subject.kind.shape)
    curves = [
        _loss_curve(subject, f"target {target}", x, target * one, one, torch.zeros_like(one))
        for target in (1, 0)
    ]
    return Picture(subject.name, "logit", "loss", curves)


def _loss_curve(
    subject: Subject,
    label: str,
    x: Tensor,
    targets: Tensor,
    direction: Tensor,
    origin: Tensor,
    outputs: Callable[[Tensor], Tensor] = lambda outputs: outputs,
) -> Curve:
    criterion = subject.criterion().double()
    encoded = subject.encoded(targets, torch.float64)
    place = x.clone().requires_grad_()
    values = torch.stack(
        [criterion(outputs(origin.double() + point * direction.double()), encoded) for point in place]
    )
    (derivative,) = torch.autograd.grad(values.sum(), place)
    return Curve(label, x, values.detach(), derivative)


def activation_picture(name: str, target: Target) -> Picture:
    """The activation of one number. Learned parameters as they are at the start, from a fixed seed."""
    x = torch.linspace(-5, 5, POINTS, dtype=torch.float64)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        activation: nn.Module = make(target, where=f"activation={name}")
        activation(torch.zeros(2, 1))  # lets lazy modules learn that there is one feature
    place = x[:, None].clone().requires_grad_()
    values = activation.double()(place)
    (derivative,) = torch.autograd.grad(values.sum(), place)
    return Picture(name, "input", "output", [Curve("", x, values.detach()[:, 0], derivative[:, 0])])
