"""Which classes are confused."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.tasks.pictures.canvas import figure

MOST_NUMBERS = 20  # classes up to which counts are written into the cells


def draw(predicted: Tensor, true: Tensor, classes: int, names: list[str] | None = None) -> Any:
    """Counts (numbers) and shares of each true class (colours); class indices (N,)."""
    counts = torch.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    labels = names or [str(index) for index in range(classes)]
    long = max(map(len, labels)) > 2
    drawn, axes = figure(width=6.0, height=5.0, measured=long)
    axis = axes[0, 0]
    image = axis.imshow(shares.numpy(), vmin=0, vmax=1, cmap="Blues")
    drawn.colorbar(image, ax=axis, label="share of the true class", shrink=0.8)
    axis.set(xlabel="predicted class", ylabel="true class", title=f"{len(true)} samples")
    if classes <= MOST_NUMBERS:
        axis.set_xticks(range(classes), labels, rotation=90 if long else 0)
        axis.set_yticks(range(classes), labels)
        for row in range(classes):
            for column in range(classes):
                if counts[row, column]:
                    colour = "white" if shares[row, column] > 0.5 else "black"
                    text = str(int(counts[row, column]))
                    axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    return drawn
