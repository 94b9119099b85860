"""What a loss changes besides computing a number: its inputs, torch's global settings, random numbers."""

from __future__ import annotations

import contextlib

import torch

from losslab.soundness.mark import SOUND, UNSOUND, WEAK, mark
from losslab.soundness.subject import Subject
from losslab.support import torch_settings


@mark("leaves prediction and target alone", when="always")
def inputs_kept(subject: Subject) -> tuple[str, str]:
    """A loss that edits its inputs in place falsifies metrics that are computed from them afterwards."""
    targets = subject.encoded(subject.targets()).clone()
    outputs = subject.kind.outputs().requires_grad_().clone()  # not a leaf, as a network gives it
    inputs = {"prediction": outputs, "target": targets}
    before = {name: (tensor.detach().clone(), tensor._version) for name, tensor in inputs.items()}
    criterion = subject.criterion()
    with contextlib.suppress(Exception):  # another mark is about them
        criterion(outputs, targets)
    changed = [
        name
        for name, tensor in inputs.items()
        if tensor._version != before[name][1] or not torch.equal(tensor.detach(), before[name][0])
    ]
    if changed:
        return UNSOUND, f"edits its {' and its '.join(changed)} in place"
    return SOUND, "both are unchanged"


@mark("leaves torch's global state alone", when="always")
def state_kept(subject: Subject) -> tuple[str, str]:
    """Settings that outlive the call would change the next arm; random numbers, the order of its batches."""
    targets, outputs = subject.encoded(subject.targets()), subject.kind.outputs().requires_grad_()
    before, random = torch_settings.settings(), torch.get_rng_state()
    criterion = subject.criterion()
    with contextlib.suppress(Exception):
        criterion(outputs, targets).backward()
    changed = torch_settings.put_back(before)
    if changed:
        return UNSOUND, f"changes torch's {', '.join(changed)}"
    if not torch.equal(random, torch.get_rng_state()):
        return WEAK, "draws from torch's random numbers, or seeds them: later draws differ between losses"
    return SOUND, "settings and random numbers are as before"
