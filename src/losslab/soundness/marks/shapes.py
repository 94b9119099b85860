"""Shapes: what the loss accepts, and that it returns one number with a gradient."""

from __future__ import annotations

import math

from losslab.soundness.mark import SOUND, UNSOUND, mark
from losslab.soundness.subject import Subject, value_and_gradient


@mark("returns a scalar with a gradient", when="always")
def returns_scalar(subject: Subject) -> tuple[str, str]:
    """One finite number and a finite gradient that is not zero everywhere, on random outputs."""
    targets = subject.targets()
    outputs, encoded = subject.kind.outputs(), subject.encoded(targets)
    value, gradient = value_and_gradient(subject.criterion(), outputs, encoded)
    shapes = f"outputs {tuple(outputs.shape)}, targets {tuple(encoded.shape)}"
    numbers = f"{shapes}: value {value:.4g}, gradient norm {gradient.norm():.3g}"
    good = math.isfinite(value) and bool(gradient.isfinite().all()) and bool(gradient.any())
    return (SOUND if good else UNSOUND), numbers
