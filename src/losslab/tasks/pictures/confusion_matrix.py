"""Which classes are confused."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from losslab.tasks.pictures.canvas import SIZE, Canvas

MOST_NUMBERS = 20  # classes up to which counts are written into the cells
LONGEST = 16  # letters of a class's name
DARK = (8, 48, 107)  # the colour of a share of 1; 0 is white
SIDE = 300  # of the matrix, in pixels


def draw(predicted: Tensor, true: Tensor, classes: int, names: list[str] | None = None) -> Image.Image:
    """Counts (numbers) and shares of each true class (colours); class indices (N,)."""
    counts = torch.bincount(true * classes + predicted, minlength=classes**2).reshape(classes, classes)
    shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
    labels = [name[:LONGEST] for name in names or map(str, range(classes))]
    room = 30 + 6 * max(map(len, labels))  # for names, left and below
    canvas = Canvas(room + SIDE + 90, SIDE + room + 34)
    left, top = room + 10, 28
    cells = colours(shares).numpy()
    matrix = Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.NEAREST)
    canvas.image.paste(matrix, (left, top))
    canvas.draw.rectangle((left - 1, top - 1, left + SIDE, top + SIDE), outline="black")
    canvas.text((left + SIDE / 2, top - 6), f"{len(true)} samples", "mb", size=SIZE + 2)
    canvas.text((left + SIDE / 2, top + SIDE + room - 6), "predicted class")
    canvas.upright((10, top + SIDE / 2), "true class")
    _scale(canvas, left + SIDE + 20, top)
    if classes > MOST_NUMBERS:
        return canvas.image
    cell = SIDE / classes
    for row, label in enumerate(labels):
        canvas.text((left - 6, top + (row + 0.5) * cell), label, "rm")
        below = (left + (row + 0.5) * cell, top + SIDE + 6 + 3 * len(label))
        canvas.upright(below, label) if max(map(len, labels)) > 2 else canvas.text(below, label)
        for column in range(classes):
            if count := int(counts[row, column]):
                colour = "white" if shares[row, column] > 0.5 else "black"
                middle = (left + (column + 0.5) * cell, top + (row + 0.5) * cell)
                canvas.text(middle, str(count), colour=colour, size=10)
    return canvas.image


def colours(shares: Tensor) -> Tensor:
    """Shares (...) from 0 to 1 as bytes (..., 3): from white to DARK."""
    return (255 - shares.unsqueeze(-1) * (255 - torch.tensor(DARK))).round().byte()


def _scale(canvas: Canvas, left: int, top: int) -> None:
    strip = colours(torch.linspace(1, 0, SIDE).unsqueeze(1)).numpy()
    canvas.image.paste(Image.fromarray(strip).resize((12, SIDE)), (left, top))
    canvas.draw.rectangle((left - 1, top - 1, left + 12, top + SIDE), outline="black")
    for share in (0, 0.5, 1):
        canvas.text((left + 17, top + (1 - share) * SIDE), f"{share:g}", "lm")
    canvas.upright((left + 46, top + SIDE / 2), "share of the true class")
