"""A histogram computed on the training device, so that only a few numbers are transferred."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

BINS = 64  # TensorBoard shows 30


def summarise(values: Tensor) -> Tensor:
    """(BINS + 5,) on the device of `values`: counts, then minimum, maximum, number, sum, sum of squares.

    The bins divide the range from minimum to maximum evenly. Values that are not finite are left out.
    """
    flat = values.detach().flatten().float()
    finite = flat.isfinite()
    zeros = torch.zeros_like(flat)
    known = torch.where(finite, flat, zeros)
    low = torch.where(finite, flat, torch.full_like(flat, torch.inf)).min()
    high = torch.where(finite, flat, torch.full_like(flat, -torch.inf)).max()
    width = (high - low).clamp(min=torch.finfo(flat.dtype).tiny)
    # divided first: the width of tiny gradients must not overflow as a factor
    place = ((known - low) / width * BINS).clamp(0, BINS - 1).nan_to_num().long()
    # torch.histc has no deterministic form on GPUs, bincount has
    counts = torch.bincount(torch.where(finite, place, BINS), minlength=BINS + 1)[:BINS]
    facts = torch.stack([low, high, finite.sum().float(), known.sum(), known.square().sum()])
    return torch.cat([counts.float(), facts])


def write(writer: Any, step: int, summaries: dict[str, Tensor]) -> None:
    """Histograms of `summarise` to TensorBoard, by tag; one transfer from the device for all."""
    if not summaries:
        return
    rows = torch.stack(list(summaries.values())).double().cpu()
    for tag, row in zip(summaries, rows, strict=True):
        low, high, number, total, squares = row[BINS:].tolist()
        if number == 0:
            continue
        limits = torch.linspace(low, high, BINS + 1, dtype=torch.float64)[1:]
        if high == low:  # TensorBoard needs rising limits: one bin, barely wider than a point
            limits = low + torch.arange(1, BINS + 1, dtype=torch.float64) * max(abs(low), 1e-12) * 1e-6
        writer.add_histogram_raw(
            tag,
            min=low,
            max=high,
            num=int(number),
            sum=total,
            sum_squares=squares,
            bucket_limits=limits.tolist(),
            bucket_counts=row[:BINS].tolist(),
            global_step=step,
        )
