"""Embedded digits on noise among fragments of other digits; the mask is the whole digit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from losslab.errors import UserError
from losslab.tasks.sources.raw import Raw
from losslab.tasks.sources.scikit_learn import digits

INK = 0.4  # share of the brightest pixel's value from which a pixel of the enlarged digit belongs to its mask


def clutter(samples: int, size: int, foreground: float, fragments: int, noise: float, seed: int) -> Raw:
    """Images (1, size, size) uint8 with masks (1, size, size); no network.

    Fragments are 4×4 pixels cut out of other digits, as bright and as enlarged as the digit itself, so
    brightness alone cannot tell them from it.

    Args:
        samples: at most 1,797, each with another digit.
        foreground: share of an image that its mask covers, between 0 and 0.3; decides the digit's size.
        fragments: their number in each image.
        noise: standard deviation of the Gaussian noise, where 1 is the brightness of the digit.
        seed: of everything that is drawn; the same for every run.
    """
    single = digits()
    assert single.inputs is not None
    if not isinstance(samples, int) or not 10 <= samples <= len(single):
        raise UserError(
            f"task.source.samples={samples} is wrong: give a whole number from 10 to {len(single)}"
        )
    if not 0 < foreground <= 0.3:
        raise UserError(f"task.source.foreground={foreground} is wrong: give a share above 0 and up to 0.3")
    generator = torch.Generator().manual_seed(seed)
    chosen = single.inputs[torch.randperm(len(single), generator=generator)[:samples]]
    images = torch.zeros((samples, 1, size, size), dtype=torch.uint8)
    masks = torch.zeros((samples, 1, size, size), dtype=torch.uint8)
    for index, digit in enumerate(chosen):
        side = _side(digit, foreground, size)
        canvas = torch.zeros((size, size))
        for _ in range(fragments):
            other = single.inputs[_draw(len(single), generator)]
            top, left = _draw(5, generator), _draw(5, generator)
            _lay(canvas, _enlarged(other[:, top : top + 4, left : left + 4], max(side // 2, 2)), generator)
        row, column, enlarged = _lay(canvas, _enlarged(digit, side), generator)
        masks[index, 0, row : row + side, column : column + side] = (enlarged >= INK).to(torch.uint8)
        noisy = canvas + noise * torch.randn((size, size), generator=generator)
        # The middle of the range is dark, so that noise can go both ways.
        images[index, 0] = (noisy.mul(0.5).add_(0.25).clamp_(0, 1) * 255).round().to(torch.uint8)
    return Raw(images, masks)


def _side(digit: Tensor, foreground: float, size: int) -> int:
    """Side in pixels to which the digit is enlarged, so that its ink covers `foreground` of the image."""
    ink = float((_enlarged(digit, 64) >= INK).float().mean())
    return int(min(size, max(8, round((foreground / ink) ** 0.5 * size))))


def _enlarged(digit: Tensor, side: int) -> Tensor:
    large = interpolate(digit[None], size=(side, side), mode="bilinear", align_corners=False)[0, 0]
    return large / large.max().clamp(min=1e-6)


def _lay(canvas: Tensor, piece: Tensor, generator: torch.Generator) -> tuple[int, int, Tensor]:
    """Pastes the piece at a random place; the brighter pixel wins. Returns row, column and the piece."""
    side, size = len(piece), len(canvas)
    row, column = (_draw(size - side + 1, generator) for _ in range(2))
    place = canvas[row : row + side, column : column + side]
    torch.maximum(place, piece, out=place)
    return row, column, piece


def _draw(below: int, generator: torch.Generator) -> int:
    return int(torch.randint(0, below, (), generator=generator))
