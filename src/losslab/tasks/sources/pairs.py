"""Two digits on top of each other in one image: several labels at once."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from losslab.errors import UserError
from losslab.tasks.sources.raw import Raw


def pairs(digits: Raw, apart: int, shift: int, seed: int) -> Raw:
    """Images of two different digits, (1, H + shift, W + apart + shift); targets (N, K) say which two.

    Each digit is used in at most one pair, so that no digit occurs in two splits. The
    second lies `apart` pixels to the right of the first, then both are moved by 0 to `shift` pixels down and
    to the right; where they overlap, the brighter pixel wins.

    Args:
        digits: single digits (1, H, W) with class indices.
        apart: in pixels; 0 puts the digits on top of each other, their width puts them side by side.
        shift: room to move in, in pixels.
        seed: of pairing and moving; the same for every run.
    """
    for key, pixels in (("apart", apart), ("shift", shift)):
        if not isinstance(pixels, int) or pixels < 0:
            raise UserError(f"task.source.{key}={pixels} is wrong: give a whole number of pixels from 0")
    assert digits.inputs is not None
    generator = torch.Generator().manual_seed(seed)
    test = digits.is_test if digits.is_test is not None else torch.zeros(len(digits), dtype=torch.bool)
    firsts, seconds = [], []
    for part in (False, True):
        members = (test == part).nonzero()[:, 0]
        members = members[torch.randperm(len(members), generator=generator)]
        half = len(members) // 2
        first, second = members[:half], members[half : 2 * half]
        differ = digits.targets[first] != digits.targets[second]
        firsts.append(first[differ])
        seconds.append(second[differ])
    first, second = torch.cat(firsts), torch.cat(seconds)
    images = pad(_moved(digits.inputs, first, shift, generator), (0, apart))
    torch.maximum(images, pad(_moved(digits.inputs, second, shift, generator), (apart, 0)), out=images)
    classes = int(digits.targets.max()) + 1
    labels = one_hot(digits.targets[first], classes) + one_hot(digits.targets[second], classes)
    is_test = None if digits.is_test is None else test[first]
    return Raw(images, labels.to(torch.uint8), is_test, class_names=digits.class_names)


def _moved(inputs: Tensor, chosen: Tensor, shift: int, generator: torch.Generator) -> Tensor:
    height, width = inputs.shape[2:]
    moved = torch.zeros((len(chosen), 1, height + shift, width + shift), dtype=inputs.dtype)
    where = torch.randint(0, (shift + 1) ** 2, (len(chosen),), generator=generator)
    for place in where.unique().tolist():
        down, right = divmod(place, shift + 1)
        here = where == place
        moved[here] = pad(inputs[chosen[here]], (right, shift - right, down, shift - down))
    return moved
