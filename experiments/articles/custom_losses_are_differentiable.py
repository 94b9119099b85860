"""gradcheck of the losses and the activation that the articles print as their own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.printed_smoothness import printed_smoothness_loss


def measure(quick: bool) -> CheckResult:
    """Autograd against finite differences in float64, at 3 random points each; the same if quick."""
    passed: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    for name, (function, shape) in _FUNCTIONS.items():
        points = [
            torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
            for seed in range(3)
        ]
        first, second = (
            all(check(function, (point.clone().requires_grad_(),), raise_exception=False) for point in points)
            for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck)
        )
        passed[f"{name}_passes"] = float(first)
        rows.append([name, " × ".join(map(str, shape)), first, second])
    return CheckResult(
        quantities=passed,
        tables=[
            Table(
                "Autograd against finite differences, float64, 3 points",
                ["function", "shape of the inputs", "first derivative", "second derivative"],
                rows,
            )
        ],
        notes=[
            "The printed segmentation loss takes its second difference over the channels: for masks of one "
            "channel, which it is printed for, its value is NaN. See smoothness_as_printed.",
            "gradcheck uses random points, which miss kinks such as that of an absolute difference at zero.",
        ],
    )


def _swish(x: Tensor) -> Tensor:
    """S1, lines 99 to 103."""
    return x * torch.sigmoid(x)


def _focal(x: Tensor) -> Tensor:
    """S3, lines 234 to 247, with its gamma and alpha; the probabilities come from logits."""
    probabilities = torch.sigmoid(x)
    truth = _alternating(x)
    bce = functional.binary_cross_entropy(probabilities, truth, reduction="none")
    p_t = truth * probabilities + (1 - truth) * (1 - probabilities)
    return torch.mean((truth * 0.75 + (1 - truth) * 0.25) * (1 - p_t) ** 2 * bce)


def _mse_with_means(x: Tensor) -> Tensor:
    """S5, lines 57 to 65, which give the two parameters no values."""
    truth = _alternating(x)
    return torch.mean((x - truth) ** 2) + 0.5 * torch.mean(x) + 0.5 * torch.mean(truth)


def _mse(x: Tensor) -> Tensor:
    """S5, lines 86 to 90."""
    return torch.mean((x - _alternating(x)) ** 2)


def _segmentation(x: Tensor) -> Tensor:
    """S5, lines 116 to 130, as printed."""
    return printed_smoothness_loss(torch.sigmoid(x), _alternating(x))


def _alternating(x: Tensor) -> Tensor:
    return (torch.arange(x.numel()) % 3 == 0).to(x.dtype).reshape(x.shape)


_FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, ...]]] = {
    "swish": (_swish, (5, 4)),
    "focal": (_focal, (6, 1)),
    "mse_with_means": (_mse_with_means, (10, 1)),
    "mse": (_mse, (10, 1)),
    "segmentation": (_segmentation, (2, 1, 4, 5)),
    "segmentation_two_channels": (_segmentation, (2, 2, 4, 5)),
}
