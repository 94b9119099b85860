"""Image, true mask, predicted mask and their differences, side by side."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.tasks.pictures.canvas import figure

EXAMPLES = 4
# As (red, green, blue): true positives, false negatives, false positives.
FOUND, MISSED, INVENTED = (0.2, 0.7, 0.3), (0.9, 0.2, 0.2), (0.2, 0.4, 0.95)


def draw(inputs: Tensor, predicted: Tensor, true: Tensor) -> Any:
    """The first images (N, C, H, W), stretched to their own range, and masks (N, 1, H, W) of 0 and 1."""
    count = min(EXAMPLES, len(inputs))
    drawn, axes = figure(rows=count, columns=4, width=7.0, height=1.85 * count + 0.4, measured=True)
    for row in range(count):
        image = _grey_or_colour(inputs[row])
        mask, answer = true[row, 0].bool(), predicted[row, 0].bool()
        errors = image * 0.35
        for pixels, colour in ((mask & answer, FOUND), (mask & ~answer, MISSED), (answer & ~mask, INVENTED)):
            errors[pixels] = 0.35 * image[pixels] + 0.65 * torch.tensor(colour)
        for column, shown in enumerate((image, mask, answer, errors)):
            axes[row, column].imshow(shown.numpy(), cmap="gray", vmin=0, vmax=1)
            axes[row, column].set_axis_off()
    titles = ("image", "true mask", "prediction", "green found, red missed,\nblue invented")
    for column, title in enumerate(titles):
        axes[0, column].set_title(title, fontsize=9)
    return drawn


def _grey_or_colour(image: Tensor) -> Tensor:
    """(C, H, W) of any range to (H, W, 3) in [0, 1]; for any other number of channels, their mean in grey."""
    colours = image if len(image) == 3 else image.mean(dim=0, keepdim=True).expand(3, -1, -1)
    low, high = colours.min(), colours.max()
    return ((colours - low) / (high - low).clamp(min=1e-6)).permute(1, 2, 0).clone()
