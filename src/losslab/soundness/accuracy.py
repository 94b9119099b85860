"""How accurately a loss computes: in float64 when it is given float64, or in float32 whatever it is given."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from losslab.soundness.subject import Subject

IN_FLOAT32 = "casts to float32 inside, so that finite differences are taken with a step for float32"


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Steps and tolerances for finite differences.

    Attributes:
        step: of the arguments, in units of the raw outputs; `smaller_step`: at which a kink still shows.
        absolute, relative: allowed errors of a derivative.
        jump: of the slope from left to right, relative, that is a kink and not rounding or curvature.
        value: error of the loss itself, relative.
        dtype: to call the loss with.
    """

    step: float
    smaller_step: float
    absolute: float
    relative: float
    jump: float
    value: float
    dtype: torch.dtype = torch.float64


DOUBLE = Accuracy(step=1e-6, smaller_step=1e-8, absolute=1e-6, relative=1e-4, jump=1e-3, value=1e-12)
SINGLE = Accuracy(step=3e-3, smaller_step=3e-4, absolute=2e-3, relative=2e-2, jump=5e-2, value=1e-6)
NO_DOUBLE = dataclasses.replace(SINGLE, dtype=torch.float32)


def accuracy(subject: Subject) -> Accuracy:
    """DOUBLE; SINGLE for a loss that casts its inputs, its result or a part of it to float32; or NO_DOUBLE.

    NO_DOUBLE is for a loss that raises for float64 outputs.

    Found by rounding, at each of three points: the loss is the same for outputs rounded to float32; or its
    value is exactly a float32; or it moves in jumps as the outputs move by less than float32 can tell.
    """
    targets = subject.encoded(subject.targets(), torch.float64)
    criterion = subject.criterion().double()
    for seed in range(3):
        outputs = subject.kind.outputs(scale=1.3, seed=seed).double() + 1 / 3
        try:
            with torch.no_grad():
                path = torch.stack([criterion(outputs + step * 1e-7, targets).double() for step in range(16)])
                rounded = criterion(outputs.float().double(), targets).double()
        except RuntimeError:
            return NO_DOUBLE
        value = path[0]
        # without rounding the path is straight: its second differences are 1e-14 times the curvature
        jumps = path.diff(n=2).abs().max() > 1e-12 * max(1.0, float(value.abs()))
        if not (value == rounded or value == value.float().double() or jumps):
            return DOUBLE
    return SINGLE


def exact(subject: Subject, outputs: Tensor, targets: Tensor) -> float:
    """The loss in float64; in float32 if it raises for float64.

    Args:
        targets: the task's, not encoded.
    """
    dtype = accuracy(subject).dtype
    return float(subject.criterion().to(dtype)(outputs.to(dtype), subject.encoded(targets, dtype)))
