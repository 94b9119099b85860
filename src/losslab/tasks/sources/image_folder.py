"""The user's own images, in one folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset

from losslab.errors import UserError, first_line
from losslab.tasks.augmentation import Augmentation, Transform
from losslab.tasks.sources.images import check_size
from losslab.tasks.sources.raw import Raw


def image_folder(
    path: str,
    size: int,
    test_path: str | None = None,
    grey: bool = False,
    augmentation: Sequence[Transform] | None = None,
) -> Raw:
    """Images (3, size, size) uint8, or (1, size, size) if `grey`; the names of their folders are the classes.

    https://pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html

    Args:
        path: has one folder for each class, with images in it.
        size: height and width to which images are resized.
        test_path: a folder like `path`, with test images of the same classes; null if `path` has all images.
        augmentation: transforms of an image (C, H, W) uint8 that keep its shape, applied to training images.

    Raises UserError that names the folder or file that is wrong.
    """
    check_size(size)
    parts = [_Images(path, "path", size, grey)]
    if test_path is not None:
        parts.append(_Images(test_path, "test_path", size, grey))
        if parts[1].classes != parts[0].classes:
            odd = sorted(set(parts[0].classes) ^ set(parts[1].classes))
            raise UserError(
                f"task.source.test_path={test_path} has other classes than {path}: only one of them has "
                f"{', '.join(odd[:5])}"
            )
    dataset: Dataset[Any] = parts[0] if len(parts) == 1 else ConcatDataset(parts)
    targets = torch.tensor([label for part in parts for _, label in part.samples])
    is_test = torch.arange(len(targets)) >= len(parts[0])
    return Raw(
        None,
        targets,
        is_test if test_path is not None else None,
        dataset=dataset,
        class_names=parts[0].classes,
        augmentation=None if not augmentation else Augmentation(augmentation),
    )


class _Images(Dataset[tuple[Tensor, int]]):
    """Images of torchvision's ImageFolder, resized; `key` is the config's, for messages."""

    def __init__(self, path: str, key: str, size: int, grey: bool) -> None:
        from torchvision.datasets import ImageFolder

        folder = Path(path).expanduser()
        if not folder.is_dir():
            raise UserError(f"task.source.{key}={path} is not a folder")
        try:
            found = ImageFolder(str(folder))
        except FileNotFoundError as error:  # no class, or one without images
            raise UserError(
                f"task.source.{key}={path} needs one folder for each class, with images in it: "
                f"{first_line(error)}"
            ) from None
        self.samples: list[tuple[str, int]] = found.samples
        self.classes: list[str] = found.classes
        self.size = size
        self.mode = "L" if grey else "RGB"

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        from PIL import Image
        from torchvision.transforms.functional import pil_to_tensor, resize

        path, label = self.samples[index]
        try:
            with Image.open(path) as opened:
                image = pil_to_tensor(opened.convert(self.mode))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise UserError(
                f"{path} cannot be read as an image ({first_line(error)}): replace or remove it"
            ) from None
        return resize(image, [self.size, self.size], antialias=True), label
