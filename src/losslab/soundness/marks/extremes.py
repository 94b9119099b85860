"""Large outputs: finite and right in float32, and a gradient where the prediction is confidently wrong."""

from __future__ import annotations

import math

import torch

from losslab.soundness.accuracy import exact
from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK, mark
from losslab.soundness.subject import Subject, value_and_gradient

LEVELS = (20.0, 50.0, 90.0, 110.0, 1e4)
MARGINS = (1.0, 5.0, 10.0, 20.0, 50.0, 110.0)


@mark("large outputs (float32)")
def large_outputs(subject: Subject) -> tuple[str, str]:
    """Value and gradient are finite at outputs of ±20 to ±1e4, right and wrong, and as in float64."""
    targets = subject.targets()
    encoded = subject.encoded(targets)
    signs = _signs(subject, targets)
    single = subject.criterion()
    worst, where = 0.0, ""
    for level in LEVELS:
        for side, word in ((-1, "wrong"), (1, "right")):
            outputs = side * level * signs
            value, gradient = value_and_gradient(single, outputs, encoded)
            at = f"at ±{level:g}, {word}" if subject.takes_logits else f"at {side * level:g}"
            if not math.isfinite(value) or not bool(gradient.isfinite().all()):
                bad = int((~gradient.isfinite()).sum())
                return UNSOUND, f"{at}: value {value:.4g}, {bad} of {gradient.numel()} gradients not finite"
            exact_value = exact(subject, outputs, targets)
            difference = abs(value - exact_value) / max(abs(exact_value), 1.0)
            if difference > worst:
                worst, where = difference, f"{at}: {value:.6g} in float32, {exact_value:.6g} in float64"
    if worst > 1e-2:
        return UNSOUND, where
    return SOUND, f"finite up to ±1e4, within {worst:.1g} of float64"


@mark("gradient at confident mistakes")
def confident_mistakes(subject: Subject) -> tuple[str, str]:
    """The further the outputs are on the wrong side, the more a correction is needed.

    Weak: a bounded loss, which gives up on mistakes by design. Unsound: the loss keeps growing without a
    gradient, or does not reach its minimum, as with a second softmax.
    """
    if not subject.takes_logits:
        return NOT_APPLICABLE, "outputs are values, not logits"
    targets = subject.targets()
    encoded, signs = subject.encoded(targets), _signs(subject, targets)
    criterion = subject.criterion()
    values, norms = {}, {}
    for margin in MARGINS:
        value, gradient = value_and_gradient(criterion, -margin * signs, encoded)
        values[margin], norms[margin] = value, float(gradient.norm())
    numbers = "norm " + ", ".join(f"{norms[margin]:.2g} at ±{margin:g}" for margin in MARGINS)
    largest = max(norms.values())
    if not math.isfinite(largest):
        return UNSOUND, numbers
    if min(norms[50.0], norms[110.0]) > 1e-3 * largest:
        return SOUND, numbers
    # A clamped loss keeps its slope until it stops; one that nears a bound loses it on the way.
    keeps_slope = norms[10.0] > 0.5 * norms[5.0]
    grew = keeps_slope and values[20.0] - values[10.0] > 0.25 * abs(values[10.0] - values[5.0]) > 1e-3
    if grew:
        return UNSOUND, f"{numbers}: clamped, value {values[50.0]:.4g} at ±50 and {values[110.0]:.4g} at ±110"
    undecided = float(criterion(torch.zeros_like(signs), encoded))
    certain = float(criterion(30 * signs, encoded))
    if abs(certain) > 1e-2 * abs(undecided):
        cost = f"a certain and correct prediction costs {certain:.4g}"
        return UNSOUND, f"{numbers}: is softmax or sigmoid applied twice? {cost}"
    return WEAK, f"{numbers}: bounded by {values[110.0]:.4g}, no gradient leads back"


def _signs(subject: Subject, targets: torch.Tensor) -> torch.Tensor:
    if subject.kind.name == "regression":
        return torch.ones(len(targets), *subject.kind.shape)
    return subject.kind.signs(targets)
