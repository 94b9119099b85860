"""Penn-Fudan pedestrians: photographs of streets, the mask is all pedestrians in them."""

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

URL = "https://www.cis.upenn.edu/~jshi/ped_html/PennFudanPed.zip"
PHOTOGRAPHS = 170


def penn_fudan(root: str, size: int, url: str = URL) -> Raw:
    """170 photographs (3, size, size) uint8, masks (1, size, size); downloaded if missing.

    https://www.cis.upenn.edu/~jshi/ped_html/ (Wang, Shi, Song and Shen 2007). No checksum is published, so
    the function checks that every photograph exists and has a mask.

    Args:
        root: the data folder; PNGImages and PedMasks lie under `root/PennFudanPed`.
        size: height and width to which photographs and masks are resized once.
    """
    check_size(size)
    folder = Path(root) / "PennFudanPed"
    if not (folder / "PNGImages").is_dir():
        archive = Path(root) / Path(url).name
        fetch([url], archive, "penn_fudan")
        unpack(archive, Path(root))
    photographs = sorted((folder / "PNGImages").glob("*.png"))
    masks = [folder / "PedMasks" / f"{path.stem}_mask.png" for path in photographs]
    missing = [path.name for path in masks if not path.is_file()]
    if len(photographs) != PHOTOGRAPHS or missing:
        raise UserError(
            f"{folder} has {len(photographs)} photographs, {len(missing)} of them without a mask, instead of "
            f"{PHOTOGRAPHS}: delete it and run scripts/download_data penn_fudan"
        )
    inputs, targets = decoded(folder, lambda: _decode(photographs, masks, size), size=size)
    return Raw(inputs, targets)


def _decode(photographs: list[Path], masks: list[Path], size: int) -> tuple[Tensor, Tensor]:
    from PIL import Image

    inputs = torch.empty((PHOTOGRAPHS, 3, size, size), dtype=torch.uint8)
    targets = torch.empty((PHOTOGRAPHS, 1, size, size), dtype=torch.uint8)
    for index, (photograph, mask) in enumerate(zip(photographs, masks, strict=True)):
        try:
            with Image.open(photograph) as image, Image.open(mask) as numbered:
                people = torch.from_numpy(np.array(numbered) > 0)  # pedestrians are numbered from 1
                inputs[index], targets[index] = resized(image, people, size)
        except (OSError, SyntaxError) as error:
            raise UserError(f"{photograph} or its mask cannot be read ({error}): download it again") from None
    return inputs, targets
