"""The printed segmentation loss and losslab's bce_smoothness on masks of one and more channels."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope
from losslab.claims.tools.printed_smoothness import printed_smoothness_loss

_SHAPES = ((2, 1, 8, 7), (4, 1, 48, 48), (1, 1, 96, 96), (2, 2, 8, 7), (2, 3, 8, 7))


def measure(quick: bool) -> CheckResult:
    """Random logits, seeds 0 to 2 (quick) or 9, float64."""
    ours = packaged_loss("bce_smoothness", "segmentation")
    rows: list[list[str | float | int | bool]] = []
    finite, slopes, ours_finite, differences = [], [], [], []
    for shape in _SHAPES:
        for seed in range(3 if quick else 10):
            generator = torch.Generator().manual_seed(seed)
            logits = torch.randn(*shape, generator=generator, dtype=torch.float64)
            target = (torch.rand(*shape, generator=generator, dtype=torch.float64) < 0.3).double()
            value, slope = value_and_slope(
                lambda z, y: printed_smoothness_loss(z.sigmoid(), y), logits, target
            )
            our_value, our_slope = value_and_slope(ours, logits, target)
            if shape[1] == 1:
                finite.append(math.isfinite(float(value)))
                differences.append(float((slope - _without_channels(logits, target)).abs().max()))
                slopes.append(bool(slope.isfinite().all()))
                ours_finite.append(math.isfinite(float(our_value)) and bool(our_slope.isfinite().all()))
        rows.append([str(shape), float(value), bool(slope.isfinite().all()), float(our_value), True])
        rows[-1][-1] = bool(our_slope.isfinite().all())
    return CheckResult(
        quantities={
            "printed_finite_share": sum(finite) / len(finite),
            "printed_gradient_finite_share": sum(slopes) / len(slopes),
            "gradient_difference_from_height_only": max(differences),
            "ours_finite_share": sum(ours_finite) / len(ours_finite),
        },
        tables=[
            Table(
                "Last of the random inputs of each shape",
                [
                    "shape (N, C, H, W)",
                    "as printed",
                    "its gradient finite",
                    "differences along both axes",
                    "finite",
                ],
                rows,
            )
        ],
        notes=[
            "The second printed difference runs over the channels. With one channel it is the mean of "
            "nothing, which is NaN; with more it compares classes instead of neighbours.",
            "With one channel the NaN does not reach the gradient, which is that of BCE and the "
            f"differences along the height alone, to {max(differences):.1g}. Training continues, but the "
            "loss is NaN and the width is never smoothed.",
            "losslab's bce_smoothness takes the differences along height and width.",
        ],
    )


def _without_channels(logits: Tensor, target: Tensor) -> Tensor:
    """The gradient of the printed loss without its difference over the channels."""

    def loss(z: Tensor, y: Tensor) -> Tensor:
        p = z.sigmoid()
        return 0.7 * functional.binary_cross_entropy(p, y) + 0.3 * p.diff(dim=2).abs().mean()

    return value_and_slope(loss, logits, target)[1]
