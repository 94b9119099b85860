"""Time of forward and backward, against torch's nearest built-in loss."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from torch import Tensor, nn

from losslab.soundness.mark import SOUND, WEAK, mark
from losslab.soundness.subject import Subject

SAMPLES, REPEATS, SLOW = 512, 15, 10
_NEAREST: dict[str, Callable[[], nn.Module]] = {
    "class_index": nn.CrossEntropyLoss,
    "one_hot": nn.CrossEntropyLoss,
    "multi_hot": nn.BCEWithLogitsLoss,
    "mask": nn.BCEWithLogitsLoss,
    "signed": nn.SoftMarginLoss,
    "values": nn.MSELoss,
    "bins": nn.CrossEntropyLoss,
}


@mark("time, forward and backward")
def time_needed(subject: Subject) -> tuple[str, str]:
    """Median over calls on a batch of 512; weak where it is more than 10 times the built-in's."""
    targets, outputs = subject.targets(SAMPLES), subject.kind.outputs(SAMPLES)
    criterion = subject.criterion()
    encoded = subject.encoded(targets)
    built_in = _NEAREST[criterion.form]()
    ours = _median(criterion, outputs, encoded)
    if criterion.form == "bins":
        encoded = encoded[:, 0].long()
    elif subject.settings.head is not None:
        outputs = outputs[:, : encoded.shape[1]]
    theirs = _median(built_in, outputs, encoded)
    numbers = f"{ours * 1e6:.0f} µs, {ours / theirs:.1f} times {type(built_in).__name__}"
    return (SOUND if ours <= SLOW * theirs else WEAK), numbers


def _median(criterion: nn.Module, outputs: Tensor, targets: Tensor) -> float:
    seconds = []
    for repeat in range(REPEATS + 3):
        leaf = outputs.clone().requires_grad_()
        started = time.perf_counter()
        criterion(leaf, targets).backward()
        if repeat >= 3:  # the first calls set up
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
