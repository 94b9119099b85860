"""Whether softmax raises the contrast, largest / smallest, between positive entries."""

from __future__ import annotations

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table

_EXAMPLE = (0.7768, 0.0511, 0.6187)
_SPREADS = (1, 3, 10, 30, 100)


def measure(quick: bool) -> CheckResult:
    """On the article's example, and on vectors of three entries uniform in (0, spread), in float64."""
    example = torch.tensor(_EXAMPLE, dtype=torch.float64)
    after = example.softmax(dim=0)
    generator = torch.Generator().manual_seed(0)
    draws = 2000 if quick else 100_000
    uniform = torch.rand(draws, 3, generator=generator, dtype=torch.float64).clamp(min=1e-9)
    smallest, largest = uniform.aminmax(dim=1)
    contrast = (largest / smallest).log()
    # In the ratio of two entries softmax's sum cancels: their difference is its logarithm.
    needed = (contrast / (largest - smallest)).sort().values  # the spread at which the contrast is kept
    shares = {spread: float((needed < spread).double().mean()) for spread in _SPREADS}
    before_ratio, after_ratio = float(example.max() / example.min()), float(after.max() / after.min())
    return CheckResult(
        quantities={
            "example_share_raised": float(after_ratio > before_ratio),
            "example_before": before_ratio,
            "example_after": after_ratio,
            "example_largest_change": float(after.max() - example.max()),
            "example_smallest_change": float(after.min() - example.min()),
            **{f"spread_{spread}_share_raised": share for spread, share in shares.items()},
            "spread_for_half": float(_quantile(needed, 0.5)),
            "spread_for_95": float(_quantile(needed, 0.95)),
        },
        tables=[
            Table(
                "The article's example",
                ["", "first", "second", "third", "largest / smallest"],
                [["before", *example.tolist(), before_ratio], ["after", *after.tolist(), after_ratio]],
            ),
            Table(
                f"{draws} vectors of three entries, uniform between 0 and the spread",
                [
                    "spread",
                    "median of largest / smallest",
                    "after softmax",
                    "share of vectors whose contrast rises",
                ],
                [
                    [
                        spread,
                        float(contrast.median().exp()),
                        float((spread * (largest - smallest)).median().exp()),
                        share,
                    ]
                    for spread, share in shares.items()
                ],
            ),
        ],
        notes=[
            "Softmax turns differences into ratios, exp(a - b). Whether that is more contrast than a / b "
            "depends on the entries: it is if (a - b) / ln(a / b), their logarithmic mean, is above 1, so "
            "never for entries between 0 and 1.",
        ],
    )


def _quantile(ordered: Tensor, share: float) -> Tensor:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
