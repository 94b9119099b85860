"""Photographs with masks, resized to one shape."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from losslab.errors import UserError


def check_size(size: Any) -> None:
    """Raises UserError if `size` cannot be a height and width in pixels."""
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= 4096:
        raise UserError(
            f"task.source.size={size} is wrong: give a whole number of pixels up to 4096, e.g. 96"
        )


def resized(photograph: Any, mask: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A PIL image and its mask (H, W) as (3, size, size) and (1, size, size) uint8.

    Photographs are resized with antialiasing; a pixel of the mask is set if at least half of the area that it
    covers was.
    """
    from torchvision.transforms.functional import pil_to_tensor, resize

    image = resize(pil_to_tensor(photograph.convert("RGB")), [size, size], antialias=True)
    share = interpolate(mask[None, None].float(), size=(size, size), mode="area")[0]
    return image, (share >= 0.5).to(torch.uint8)
