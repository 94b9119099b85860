"""How accurately a loss computes: in float64 when it is given float64, or in float32 whatever it is given."""

from __future__ import annotations

import dataclasses

import torch

from losslab.soundness.subject import Subject

IN_FLOAT32 = "casts to float32 inside, so that finite differences are taken with a step for float32"


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Steps and tolerances for finite differences.

    Attributes:
        step: of the arguments, in units of the raw outputs.
        absolute, relative: allowed errors of a derivative.
        jump: of the slope from left to right, relative, that is a kink and not rounding or curvature.
        value: error of the loss itself, relative.
    """

    step: float
    absolute: float
    relative: float
    jump: float
    value: float


DOUBLE = Accuracy(step=1e-6, absolute=1e-6, relative=1e-4, jump=1e-3, value=1e-12)
SINGLE = Accuracy(step=3e-3, absolute=2e-3, relative=2e-2, jump=5e-2, value=1e-6)


def accuracy(subject: Subject) -> Accuracy:
    """DOUBLE, or SINGLE for a loss that casts its inputs to float32, or its result.

    Found by rounding: such a loss gives the same for float64 outputs and for these rounded to float32, or its
    result is exactly a float32. By chance either happens once in 2^29 times, and here it must happen thrice.
    """
    targets = subject.encoded(subject.targets(), torch.float64)
    criterion = subject.criterion().double()
    for seed in range(3):
        outputs = subject.kind.outputs(scale=1.3, seed=seed).double() + 1 / 3
        with torch.no_grad():
            value = criterion(outputs, targets).double()
            rounded = criterion(outputs.float().double(), targets).double()
        if value != rounded and value != value.float().double():
            return DOUBLE
    return SINGLE
