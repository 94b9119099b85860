"""Whether softmax raises the contrast between large and small entries."""

from __future__ import annotations

import torch

from losslab.claims.check_result import CheckResult, Table

_EXAMPLE = (0.7768, 0.0511, 0.6187)
_SCALES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)


def measure(quick: bool) -> CheckResult:
    """On the article's example, and on vectors of 3 and 10 positive entries of several scales, float64."""
    example = torch.tensor(_EXAMPLE, dtype=torch.float64)
    after = example.softmax(dim=0)
    generator = torch.Generator().manual_seed(0)
    draws = 200 if quick else 20_000
    rows: list[list[str | float | int | bool]] = []
    raised = []
    for entries in (3, 10):
        uniform = torch.rand(draws, entries, generator=generator, dtype=torch.float64).clamp(min=1e-6)
        for scale in _SCALES:
            inputs = scale * uniform
            before = (inputs.amax(dim=1) / inputs.amin(dim=1)).log()
            # The softmax cancels in the ratio of two of its entries: exp of their difference.
            softened = inputs.amax(dim=1) - inputs.amin(dim=1)
            raised.append(float((softened > before).double().mean()))
            rows.append(
                [entries, scale, float(before.median().exp()), float(softened.median().exp()), raised[-1]]
            )
    return CheckResult(
        quantities={
            "example_contrast_change": float((after.max() / after.min()) / (example.max() / example.min())),
            "example_largest_change": float(after.max() - example.max()),
            "example_smallest_change": float(after.min() - example.min()),
            "share_raised": sum(raised) / len(raised),
            "share_raised_lowest_scale": min(raised),
        },
        tables=[
            Table(
                "The article's example",
                ["", "first", "second", "third", "largest / smallest"],
                [
                    ["before", *example.tolist(), float(example.max() / example.min())],
                    ["after", *after.tolist(), float(after.max() / after.min())],
                ],
            ),
            Table(
                "Entries uniform in (0, scale): median of largest / smallest",
                ["entries", "scale", "before", "after", "share of vectors whose contrast rises"],
                rows,
            ),
        ],
        notes=[
            "Softmax turns differences into ratios, exp(a - b). Whether that is more contrast than a / b "
            "depends on the scale of the inputs: it rises for large inputs, and falls for inputs of about 1 "
            "or less.",
        ],
    )
