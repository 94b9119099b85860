"""Half precision, bfloat16 and autocast against float64."""

from __future__ import annotations

import torch

from losslab.soundness.accuracy import exact
from losslab.soundness.mark import SOUND, UNSOUND, WEAK, error_line, mark
from losslab.soundness.subject import Subject

# Some units in the last place: 2⁻¹⁰ and 2⁻⁷.
_TOLERANCES = {torch.float16: 2e-2, torch.bfloat16: 8e-2}
_NAMES = {torch.float16: "float16", torch.bfloat16: "bfloat16"}


@mark("half precision and bfloat16")
def reduced(subject: Subject) -> tuple[str, str]:
    """The value on outputs around ±3, with all numbers in the narrow type."""
    lines, verdict = [], SOUND
    for dtype, tolerance in _TOLERANCES.items():
        outputs, targets = subject.kind.outputs(scale=3).to(dtype), subject.targets()
        exact_value = exact(subject, outputs, targets)
        try:
            value = float(subject.criterion().to(dtype)(outputs, subject.encoded(targets, dtype)))
        except (RuntimeError, TypeError) as error:
            lines.append(f"{_NAMES[dtype]}: {error_line(error)}")
            verdict = max(verdict, WEAK, key=(SOUND, WEAK, UNSOUND).index)
            continue
        difference = abs(value - exact_value) / max(abs(exact_value), 0.1)
        lines.append(f"{_NAMES[dtype]} off by {difference:.1g}")
        if not difference <= tolerance:
            verdict = UNSOUND
    return verdict, "; ".join(lines)


@mark("under autocast")
def autocast(subject: Subject) -> tuple[str, str]:
    """Outputs as from a layer under torch.autocast(bfloat16), targets in float32."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    targets = subject.targets()
    outputs = subject.kind.outputs(scale=3).to(torch.bfloat16)
    exact_value = exact(subject, outputs, targets)
    criterion = subject.criterion().to(device)
    moved = outputs.to(device).requires_grad_()
    try:
        with torch.autocast(device, dtype=torch.bfloat16):
            value = criterion(moved, subject.encoded(targets).to(device))
        value.backward()
    except RuntimeError as error:
        return WEAK, f"{device}: {error_line(error)}"
    difference = abs(float(value.detach()) - exact_value) / max(abs(exact_value), 0.1)
    good = difference <= _TOLERANCES[torch.bfloat16] and bool(moved.grad.isfinite().all())  # type: ignore[union-attr]
    return (SOUND if good else UNSOUND), f"{device}: off by {difference:.1g}"
