"""Image, true mask, predicted mask and their differences, side by side."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from losslab.tasks.pictures.canvas import Canvas

EXAMPLES = 4
SIDE = 128  # images are enlarged to at least this height, by a whole factor
BETWEEN = 4  # pixels
# As (red, green, blue): true positives, false negatives, false positives.
FOUND, MISSED, INVENTED = (0.2, 0.7, 0.3), (0.9, 0.2, 0.2), (0.2, 0.4, 0.95)
TITLES = ("image", "true mask", "prediction", "green found, red missed,\nblue invented")
HEADING = 36  # pixels above the images


def draw(inputs: Tensor, predicted: Tensor, true: Tensor) -> Image.Image:
    """The first images (N, C, H, W), stretched to their own range, and masks (N, 1, H, W) of 0 and 1."""
    cells = [cell for row in zip(inputs, predicted, true, strict=True) for cell in _row(*row)][: 4 * EXAMPLES]
    factor = max(1, -(-SIDE // inputs.shape[2]))
    enlarged = torch.stack(cells).repeat_interleave(factor, 2).repeat_interleave(factor, 3)
    grid = make_grid(enlarged, nrow=len(TITLES), padding=BETWEEN, pad_value=1.0)
    canvas = Canvas(grid.shape[2], grid.shape[1] + HEADING)
    canvas.image.paste(Image.fromarray((grid * 255).round().byte().permute(1, 2, 0).numpy()), (0, HEADING))
    for column, title in enumerate(TITLES):
        canvas.text((grid.shape[2] * (column + 0.5) / len(TITLES), HEADING / 2), title)
    return canvas.image


def _row(image: Tensor, predicted: Tensor, true: Tensor) -> list[Tensor]:
    """The four images (3, H, W) in [0, 1] of one sample."""
    shown, mask, answer = _grey_or_colour(image), true[0].bool(), predicted[0].bool()
    errors = shown * 0.35
    for pixels, colour in ((mask & answer, FOUND), (mask & ~answer, MISSED), (answer & ~mask, INVENTED)):
        errors[:, pixels] += 0.65 * torch.tensor(colour).unsqueeze(1)
    return [shown, *(part.float().expand(3, -1, -1) for part in (mask, answer)), errors]


def _grey_or_colour(image: Tensor) -> Tensor:
    """(C, H, W) of any range to (3, H, W) in [0, 1]; for any other number of channels, their mean in grey."""
    colours = image.float() if len(image) == 3 else image.float().mean(dim=0, keepdim=True).expand(3, -1, -1)
    low, high = colours.min(), colours.max()
    return (colours - low) / (high - low).clamp(min=1e-6)
