"""gradcheck of the custom losses and activations that the articles show."""

from __future__ import annotations

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import loss_subject
from losslab.claims.tools.printed_smoothness import printed_smoothness_loss
from losslab.soundness.mark import SOUND
from losslab.soundness.marks.derivatives import first, second

_LOSSES = {
    "focal": ("focal", "binary"),
    "focal_multiclass": ("focal_multiclass", "multiclass"),
    "segmentation": ("bce_smoothness", "segmentation"),
    "parametric_mse": ("mse_mean_terms", "regression"),
}


def measure(quick: bool) -> CheckResult:
    """Autograd against finite differences in float64, at 3 random points each; the same if quick."""
    passed: dict[str, bool] = {}
    rows: list[list[str | float | int | bool]] = []
    for name, (loss, kind) in _LOSSES.items():
        subject = loss_subject(loss, kind)
        found, further = first(subject), second(subject)
        passed[name] = found.verdict == SOUND
        rows.append([name, passed[name], found.numbers, further.verdict == SOUND, further.numbers])
    for name, (function, shape) in {
        "swish": (_swish, (5, 4)),
        "segmentation_as_printed": (_printed, (2, 1, 4, 5)),
        "segmentation_as_printed_two_channels": (_printed, (2, 2, 4, 5)),
    }.items():
        points = [
            torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            for seed in range(3)
        ]
        checks = [
            all(check(function, (point.clone().requires_grad_(),), raise_exception=False) for point in points)
            for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck)
        ]
        passed[name] = checks[0]
        rows.append([name, checks[0], f"3 points of shape {shape}", checks[1], "3 points"])
    return CheckResult(
        quantities={name: float(value) for name, value in passed.items()},
        tables=[
            Table(
                "Autograd against finite differences, float64",
                ["function", "first derivative", "", "second derivative", ""],
                rows,
            )
        ],
        notes=[
            "segmentation is losslab's bce_smoothness, with differences along height and width. As "
            "printed, the second difference runs over the channels, and is NaN for masks of one channel.",
            "gradcheck uses random points, which miss kinks such as that of an absolute difference at zero.",
        ],
    )


def _swish(x: Tensor) -> Tensor:
    """x·σ(x), written by hand."""
    return x * torch.sigmoid(x)


def _printed(logits: Tensor) -> Tensor:
    truth = (torch.arange(logits.numel()) % 3 == 0).double().reshape(logits.shape)
    return printed_smoothness_loss(torch.sigmoid(logits), truth)
