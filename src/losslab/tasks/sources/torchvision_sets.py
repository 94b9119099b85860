"""Image data sets that torchvision reads: MNIST and its like, Oxford-IIIT Pets."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch

from losslab.errors import UserError
from losslab.tasks.sources.download import fetch, unpack
from losslab.tasks.sources.images import resized
from losslab.tasks.sources.raw import Raw


def torchvision_digits(dataset: str, root: str) -> Raw:
    """MNIST or a data set in its format, (1, 28, 28) uint8, 10 classes, with its own test samples.

    Args:
        dataset: name of the class in torchvision.datasets, "MNIST", "FashionMNIST", ...
        root: the data folder; the files lie under `root/dataset/raw` and are downloaded if missing.

    Raises UserError if they are missing and cannot be downloaded, or a file is truncated.
    """
    import torchvision

    make = getattr(torchvision.datasets, dataset)
    raw_folder = Path(root) / dataset / "raw"
    for archive, md5 in make.resources:
        file = raw_folder / Path(archive).stem
        if not file.is_file():
            fetch([mirror + archive for mirror in make.mirrors], raw_folder / archive, dataset, md5=md5)
            unpack(raw_folder / archive, raw_folder)
        _check_idx(file)
    parts = [make(root, train=train) for train in (True, False)]
    inputs = torch.cat([part.data for part in parts]).unsqueeze(1)
    targets = torch.cat([part.targets for part in parts]).long()
    is_test = torch.cat([torch.full((len(part),), index == 1) for index, part in enumerate(parts)])
    names = [name.split(" - ")[-1] for name in make.classes]
    return Raw(inputs, targets, is_test, class_names=names)


def oxford_pets(root: str, size: int) -> Raw:
    """7,349 photographs of cats and dogs, (3, size, size) uint8; the mask is the animal and its outline.

    https://pytorch.org/vision/stable/generated/torchvision.datasets.OxfordIIITPet.html
    The set's trimaps say 1 animal, 2 background, 3 not classified: the strip along the outline.

    Args:
        root: the data folder; the files lie under `root/oxford-iiit-pet` and are downloaded if missing.
        size: height and width to which photographs and masks are resized once.
    """
    from torchvision.datasets import OxfordIIITPet

    folder = Path(root) / "oxford-iiit-pet"
    for (url, md5), part in zip(OxfordIIITPet._RESOURCES, ("images", "annotations"), strict=True):
        if not (folder / part).is_dir():
            archive = folder / Path(url).name
            fetch([url], archive, "oxford_pets", md5=md5)
            unpack(archive, folder)
    parts = [OxfordIIITPet(root, split=split, target_types="segmentation") for split in ("trainval", "test")]
    count = sum(len(part) for part in parts)
    inputs = torch.empty((count, 3, size, size), dtype=torch.uint8)
    masks = torch.empty((count, 1, size, size), dtype=torch.uint8)
    index = 0
    for part in parts:
        for photograph, trimap in part:
            animal = (torch.from_numpy(np.array(trimap)) != 2).to(torch.uint8)
            inputs[index], masks[index] = resized(photograph, animal, size)
            index += 1
    is_test = torch.cat([torch.full((len(part),), index == 1) for index, part in enumerate(parts)])
    return Raw(inputs, masks, is_test)


def _check_idx(path: Path) -> None:
    """Compare the file's size with what its own header promises. http://yann.lecun.com/exdb/mnist/"""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(4)
        dimensions = head[3] if len(head) == 4 else 0
        shape = file.read(4 * dimensions)
    if (
        len(head) < 4
        or head[:3] != b"\x00\x00\x08"
        or not 1 <= dimensions <= 3
        or len(shape) < 4 * dimensions
    ):
        raise UserError(f"{path} is not an idx file of bytes (damaged?): delete it and download it again")
    counts = struct.unpack(f">{dimensions}I", shape)
    expected = 4 + 4 * dimensions + int(np.prod(counts, dtype=np.int64))
    if size != expected:
        state = "cut short" if size < expected else "too long"
        raise UserError(
            f"{path} is {state}: {size:,} bytes instead of {expected:,}; delete it and download it again"
        )
