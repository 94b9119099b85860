"""How the loss of a batch follows from its samples: order, composition, reduction."""

from __future__ import annotations

import torch

from losslab.config.settings import SumSettings
from losslab.errors import UserError
from losslab.losses.make import find_target
from losslab.soundness.given import Given
from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK, mark
from losslab.soundness.subject import Subject, value_and_gradient


@mark("independent of the order of the batch")
def order(subject: Subject) -> tuple[str, str]:
    """Shuffling the samples changes only the order of the gradients."""
    targets, outputs = subject.targets(), subject.kind.outputs()
    shuffled = torch.randperm(len(outputs), generator=torch.Generator().manual_seed(3))
    value, gradient = value_and_gradient(subject.criterion(), outputs, subject.encoded(targets))
    other_value, other = value_and_gradient(
        subject.criterion(), outputs[shuffled], subject.encoded(targets[shuffled])
    )
    difference = max(abs(value - other_value), float((gradient[shuffled] - other).abs().max()))
    return (SOUND if difference <= 1e-5 * max(1, abs(value)) else UNSOUND), f"changes by {difference:.1g}"


@mark("mean, sum and none agree")
def reductions(subject: Subject) -> tuple[str, str]:
    """`sum` and `mean` are the sum and mean of the values of `none`, if the loss has `reduction`."""
    if not _offers_reduction(subject):
        return NOT_APPLICABLE, "has no argument reduction"
    targets, outputs = subject.targets(), subject.kind.outputs()
    encoded = subject.encoded(targets)
    try:
        criteria = [subject.criterion(reduction=word) for word in ("mean", "sum", "none")]
    except UserError as error:
        return NOT_APPLICABLE, str(error)
    with torch.no_grad():
        mean, total, each = (criterion(outputs, encoded) for criterion in criteria)
    if each.ndim == 0:
        return UNSOUND, "reduction=none gives one number"
    for word, value in (("mean", mean), ("sum", total)):
        if value.ndim:
            return UNSOUND, f"reduction={word} gives shape {tuple(value.shape)}, not one number"
    shape = f"none gives {tuple(each.shape)}"
    if not torch.allclose(each.sum(), total, rtol=1e-4, atol=1e-6):
        return UNSOUND, f"{shape}, whose sum is {each.sum():.6g}, but sum gives {total:.6g}"
    if not torch.allclose(each.mean(), mean, rtol=1e-4, atol=1e-6):
        return WEAK, f"{shape}, whose mean is {each.mean():.6g}, but mean gives {mean:.6g} (weighted?)"
    return SOUND, f"{shape}; sum {total:.4g}, mean {mean:.4g}"


@mark("independent of the rest of the batch")
def composition(subject: Subject) -> tuple[str, str]:
    """The loss of a batch against the mean of the losses of its unequal parts, weighted by size."""
    targets, outputs = subject.targets(6), subject.kind.outputs(6, scale=2)
    criterion = subject.criterion()
    with torch.no_grad():
        whole = float(criterion(outputs, subject.encoded(targets)))
        parts = [
            (len(part), float(criterion(part, subject.encoded(of))))
            for part, of in zip(outputs.split([2, 1, 3]), targets.split([2, 1, 3]), strict=True)
        ]
    mean = sum(count * value for count, value in parts) / len(outputs)
    total = sum(value for _, value in parts)
    numbers = f"whole {whole:.6g}, mean of parts {mean:.6g}"
    near = 1e-4 * max(1e-3, abs(whole))
    if abs(whole - mean) <= near:
        return SOUND, numbers
    if abs(whole - total) <= near:
        return SOUND, f"whole {whole:.6g}, sum of parts {total:.6g}"
    return WEAK, numbers


def _offers_reduction(subject: Subject) -> bool:
    if isinstance(subject.settings, SumSettings):
        return False
    given = subject.given or Given(find_target(subject.settings.loss, subject.name), {})
    return given.takes("reduction")
