"""Derivatives by autograd against finite differences, and where the loss has kinks."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from losslab.soundness.accuracy import DOUBLE, IN_FLOAT32, accuracy
from losslab.soundness.examples import ExampleKind
from losslab.soundness.mark import SOUND, UNSOUND, WEAK, error_line, mark
from losslab.soundness.subject import Subject

_POINTS = 3
_STAYS = 0.9  # a kink's jump does not depend on the step; that of |r|**1.1 falls to 0.8 with a tenth of it


def _small(subject: Subject) -> Subject:
    """A subject with fewer outputs, because finite differences take two calls for each."""
    if subject.kind.name != "segmentation":
        return subject
    kind = ExampleKind("segmentation", subject.kind.forms, (1, 3, 4))
    return dataclasses.replace(subject, kind=kind)


def _case(subject: Subject, seed: int) -> tuple[Tensor, Tensor]:
    targets = subject.targets(3)
    # Irrational-looking offsets: away from kinks at whole margins and at zero residuals.
    outputs = subject.kind.outputs(3, scale=1.3, seed=seed).double() + 0.0137
    return outputs.requires_grad_(), subject.encoded(targets, torch.float64)


@mark("gradcheck (float64)")
def first(subject: Subject) -> tuple[str, str]:
    """Gradients equal finite differences at random points, where the loss is smooth.

    https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
    """
    small = _small(subject)
    criterion, limits = small.criterion().double(), accuracy(small)
    for seed in range(_POINTS):
        outputs, targets = _case(small, seed)
        passed = torch.autograd.gradcheck(
            lambda x, y=targets: criterion(x, y).double(),
            outputs,
            eps=limits.step,
            atol=limits.absolute,
            rtol=limits.relative,
            raise_exception=False,
        )
        if not passed:
            return UNSOUND, f"autograd and finite differences disagree at random point {seed}"
    agrees = f"agrees at {_POINTS} random points of {outputs.numel()} outputs"
    return (SOUND, agrees) if limits is DOUBLE else (WEAK, f"{IN_FLOAT32}; {agrees}")


@mark("gradgradcheck (float64)")
def second(subject: Subject) -> tuple[str, str]:
    """The same for second derivatives; Newton's method and gradient penalties need them."""
    small = _small(subject)
    criterion, limits = small.criterion().double(), accuracy(small)
    outputs, targets = _case(small, 0)
    try:
        passed = torch.autograd.gradgradcheck(
            lambda x: criterion(x, targets).double(),
            outputs,
            eps=limits.step,
            atol=10 * limits.absolute,
            rtol=10 * limits.relative,
            raise_exception=False,
        )
    except RuntimeError as error:
        return WEAK, f"no second derivative: {error_line(error)}"
    return (SOUND if passed else WEAK), "agrees" if passed else "second derivatives disagree"


@mark("no kinks")
def kinks(subject: Subject) -> tuple[str, str]:
    """Slopes from the left and from the right, along the direction from the target through the prediction.

    They differ by a jump that stays as the step shrinks; where the slope is only steep, as that of |r|**1.5
    is at 0, it shrinks too.
    """
    small = _small(subject)
    limits = accuracy(small)
    criterion = small.criterion().to(limits.dtype)
    targets = small.targets(3)
    encoded = small.encoded(targets, limits.dtype)
    places: tuple[float, ...]
    if small.takes_logits:
        direction, origin = (
            small.kind.signs(targets).to(limits.dtype),
            torch.zeros(3, *small.kind.shape, dtype=limits.dtype),
        )
        places, unit = (-1.0, -0.5, 0.0, 0.5, 1.0), "margin "
    else:
        origin = small.perfect(targets).to(limits.dtype)
        direction, places, unit = torch.ones_like(origin), (-1.0, 0.0, 1.0), "residual "

    def slopes(place: float, step: float) -> tuple[float, float]:
        at, before, after = (
            float(criterion(origin + (place + shift) * direction, encoded)) for shift in (0.0, -step, step)
        )
        return (at - before) / step, (after - at) / step

    found = []
    for place in places:
        left, right = slopes(place, limits.step)
        if abs(right - left) <= limits.jump * max(1.0, abs(left), abs(right)):
            continue
        nearer_left, nearer_right = slopes(place, limits.smaller_step)
        if abs(nearer_right - nearer_left) > _STAYS * abs(right - left):
            found.append(f"{unit}{place:g} (slopes {left:.3g}, {right:.3g})")
    if not found:
        return SOUND, "none at " + ", ".join(f"{unit}{place:g}" for place in places)
    outputs = (origin + 0.0 * direction).requires_grad_()
    value = criterion(outputs, encoded)
    (gradient,) = torch.autograd.grad(value, outputs)
    verdict = WEAK if bool(gradient.isfinite().all()) else UNSOUND
    return verdict, "at " + ", ".join(found)
