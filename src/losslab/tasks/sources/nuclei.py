"""Nuclei of cells under the microscope (2018 Data Science Bowl); the mask is all nuclei of an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from losslab.errors import UserError
from losslab.tasks.sources.decoded import decoded
from losslab.tasks.sources.download import fetch, unpack
from losslab.tasks.sources.images import check_size, resized
from losslab.tasks.sources.raw import Raw

URL = "https://data.broadinstitute.org/bbbc/BBBC038/stage1_train.zip"
SIDE = 256  # of the images that are used; the others are larger, and most of them are stained tissue


def nuclei(root: str, size: int, images: int, url: str = URL) -> Raw:
    """Images (3, size, size) uint8, masks (1, size, size); downloaded if missing.

    https://bbbc.broadinstitute.org/BBBC038 (Caicedo et al. 2019, CC0): 670 images, one PNG for each nucleus,
    joined into one mask. No checksum is published, so the function checks that every image has masks. The
    first images of 256×256, by name, are used, so that a folder with more of them gives the same task.

    Args:
        root: the data folder; each image has a folder below `root/nuclei/stage1_train`.
        size: height and width to which images and masks are resized once.
        images: how many to use.
    """
    check_size(size)
    folder = Path(root) / "nuclei" / "stage1_train"
    if not folder.is_dir():
        archive = folder.parent / Path(url).name
        fetch([url], archive, "nuclei")
        unfinished = folder.with_name("unfinished")
        unpack(archive, unfinished)
        unfinished.replace(folder)
    chosen = _chosen(folder, images)
    inputs, targets = decoded(folder, lambda: _decode(chosen, size), size=size, images=images)
    return Raw(inputs, targets)


def _chosen(folder: Path, images: int) -> list[Path]:
    """The folders of the images that are used. Raises UserError if there are too few."""
    from PIL import Image

    chosen: list[Path] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        if len(chosen) == images:
            break
        image = place / "images" / f"{place.name}.png"
        try:
            with Image.open(image) as opened:
                if opened.size == (SIDE, SIDE):
                    chosen.append(place)
        except OSError as error:
            raise _damaged(image, error) from None
    if not images or len(chosen) < images:
        raise UserError(
            f"task.source.images={images}: {folder} has {len(chosen)} images of {SIDE}×{SIDE}; if it should "
            "have more, delete it and run scripts/download_data nuclei"
        )
    return chosen


def _decode(chosen: list[Path], size: int) -> tuple[Tensor, Tensor]:
    from PIL import Image

    inputs = torch.empty((len(chosen), 3, size, size), dtype=torch.uint8)
    targets = torch.empty((len(chosen), 1, size, size), dtype=torch.uint8)
    for index, place in enumerate(chosen):
        cells = np.zeros((SIDE, SIDE), dtype=bool)
        masks = sorted((place / "masks").glob("*.png"))
        if not masks:
            raise UserError(f"{place} has no masks: delete it and run scripts/download_data nuclei")
        for mask in masks:
            try:
                with Image.open(mask) as opened:
                    cells |= np.array(opened.convert("L")) > 0
            except (OSError, SyntaxError, ValueError) as error:  # a ValueError: of another shape
                raise _damaged(mask, error) from None
        image = place / "images" / f"{place.name}.png"
        try:
            with Image.open(image) as opened:
                inputs[index], targets[index] = resized(opened, torch.from_numpy(cells), size)
        except (OSError, SyntaxError) as error:
            raise _damaged(image, error) from None
    return inputs, targets


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(
        f"{path} cannot be read ({error}): delete its folder and run scripts/download_data nuclei"
    )
