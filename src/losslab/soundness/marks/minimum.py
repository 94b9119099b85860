"""Whether the loss is lowest where the prediction equals the target."""

from __future__ import annotations

import torch

from losslab.soundness.accuracy import accuracy
from losslab.soundness.mark import SOUND, UNSOUND, WEAK, mark
from losslab.soundness.subject import Subject, value_and_gradient

MARGINS = (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0)


@mark("lowest where prediction = target")
def minimum(subject: Subject) -> tuple[str, str]:
    """Values: no step away from the target lowers the loss. Logits: no margin is better than certainty."""
    return _of_certainty(subject) if subject.takes_logits else _of_values(subject)


def _of_values(subject: Subject) -> tuple[str, str]:
    targets = subject.targets()
    limits = accuracy(subject)
    encoded, best = subject.encoded(targets, limits.dtype), subject.perfect(targets).to(limits.dtype)
    criterion = subject.criterion().to(limits.dtype)
    lowest, gradient = value_and_gradient(criterion, best, encoded)
    # With a head the prediction is one thing and its variance another: only the prediction moves.
    has_head = subject.settings.head is not None
    moved, at = (targets, subject.perfect) if has_head else (best, lambda outputs: outputs)
    generator = torch.Generator().manual_seed(0)
    deepest, where = lowest, 0.0
    for size in (1e-3, 1e-2, 0.05, 0.1, 1.0):
        steps = [torch.ones_like(moved), -torch.ones_like(moved)]
        steps += [torch.randn(moved.shape, generator=generator, dtype=moved.dtype) for _ in range(8)]
        for step in steps:
            value = float(criterion(at(moved + size * step).to(limits.dtype), encoded))
            if value < deepest - limits.value * (1 + abs(lowest)):
                deepest, where = value, size
    norm = float(gradient.abs().max()) * len(best)
    numbers = f"value {lowest:.4g} and gradient {norm:.2g} per sample at the target"
    if deepest < lowest:
        return UNSOUND, f"{numbers}; lower by {lowest - deepest:.2g} at a distance of {where:g}"
    return SOUND, numbers


def _of_certainty(subject: Subject) -> tuple[str, str]:
    targets = subject.targets()
    dtype = accuracy(subject).dtype
    encoded, signs = subject.encoded(targets, dtype), subject.kind.signs(targets).to(dtype)
    criterion = subject.criterion().to(dtype)
    right = {margin: value_and_gradient(criterion, margin * signs, encoded) for margin in MARGINS}
    wrong = float(criterion(-3 * signs, encoded))
    chance, certain = right[0.0][0], right[30.0][0]
    best = min(right, key=lambda margin: right[margin][0])
    numbers = f"value {wrong:.3g} wrong, {chance:.3g} undecided, {certain:.3g} certain"
    if not wrong > chance > min(value for value, _ in right.values()):
        return UNSOUND, f"{numbers}: being right is not rewarded"
    scale = chance - right[best][0]
    if right[best][0] < certain - 1e-3 * scale:
        return WEAK, f"{numbers}; lowest ({right[best][0]:.3g}) at logits ±{best:g}, not at certainty"
    if certain > 1e-2 * abs(chance):
        return WEAK, f"{numbers}: never falls to 0"
    return SOUND, numbers
