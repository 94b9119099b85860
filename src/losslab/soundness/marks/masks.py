"""Masks without foreground, and masks without background."""

from __future__ import annotations

import math

import torch

from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK, mark
from losslab.soundness.subject import Subject, value_and_gradient


@mark("empty mask and all foreground")
def uniform_masks(subject: Subject) -> tuple[str, str]:
    """The loss is finite, falls as the prediction improves, and has a gradient at an undecided prediction."""
    if subject.kind.name != "segmentation":
        return NOT_APPLICABLE, "targets are not masks"
    criterion = subject.criterion()
    lines, verdict = [], SOUND
    for word, level in (("empty", 0.0), ("full", 1.0)):
        masks = torch.full((2, *subject.kind.shape), level)
        undecided, gradient = value_and_gradient(criterion, torch.zeros_like(masks), masks)
        right = float(criterion(subject.perfect(masks), masks))
        norm = float(gradient.norm())
        lines.append(f"{word}: value {undecided:.3g} undecided, {right:.3g} right, gradient {norm:.2g}")
        if not math.isfinite(undecided + right + norm) or right > undecided:
            verdict = UNSOUND
        elif norm < 1e-3 and verdict == SOUND:
            verdict = WEAK
    return verdict, "; ".join(lines)
