"""Image data sets from torchvision: MNIST and others in its format, and Oxford-IIIT Pets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchvision import datasets
from torchvision.datasets.mnist import read_sn3_pascalvincent_tensor

from losslab.errors import UserError, first_line
from losslab.tasks.sources.decoded import decoded
from losslab.tasks.sources.download import fetch, unpack
from losslab.tasks.sources.images import check_size, resized
from losslab.tasks.sources.raw import Raw


def torchvision_digits(dataset: str, root: str) -> Raw:
    """MNIST or a data set in its format, (1, 28, 28) uint8, 10 classes, with its own test samples.

    Args:
        dataset: name of the class in torchvision.datasets, "MNIST", "FashionMNIST", ...
        root: the data folder; the files lie under `root/dataset/raw` and are downloaded if missing.

    Raises UserError if they are missing and cannot be downloaded, or a file is truncated.
    """
    source = getattr(datasets, dataset)
    raw_folder = Path(root) / dataset / "raw"
    read = []
    for archive, md5 in source.resources:
        file = raw_folder / Path(archive).stem
        if not file.is_file():
            fetch(
                [mirror + archive for mirror in source.mirrors], raw_folder / archive, dataset, [f"md5:{md5}"]
            )
            unpack(raw_folder / archive, raw_folder)
        read.append(_read_idx(file))
    train_images, train_labels, test_images, test_labels = read
    fit = train_images.shape[1:] == test_images.shape[1:] and train_labels.ndim == test_labels.ndim == 1
    if not fit or [len(part) for part in read[::2]] != [len(part) for part in read[1::2]]:
        raise UserError(f"images and labels in {raw_folder} do not fit: delete it and download it again")
    inputs = torch.cat([train_images, test_images]).unsqueeze(1)
    targets = torch.cat([train_labels, test_labels]).long()
    is_test = torch.arange(len(targets)) >= len(train_labels)
    names = [name.split(" - ")[-1] for name in source.classes]
    return Raw(inputs, targets, is_test, class_names=names)


def oxford_pets(root: str, size: int) -> Raw:
    """7,349 photographs of cats and dogs, (3, size, size) uint8; the mask is the animal and its outline.

    https://pytorch.org/vision/stable/generated/torchvision.datasets.OxfordIIITPet.html
    In the set's trimaps 1 is the animal, 2 the background, and 3 the unclassified strip along the outline.

    Args:
        root: the data folder; the files lie under `root/oxford-iiit-pet` and are downloaded if missing.
        size: height and width to which photographs and masks are resized once.
    """
    check_size(size)
    folder = Path(root) / "oxford-iiit-pet"
    for (url, md5), part in zip(datasets.OxfordIIITPet._RESOURCES, ("images", "annotations"), strict=True):
        if not (folder / part).is_dir():
            archive = folder / Path(url).name
            fetch([url], archive, "oxford_pets", [f"md5:{md5}"])
            unpack(archive, folder)
    try:
        parts = [
            datasets.OxfordIIITPet(root, split=split, target_types="segmentation")
            for split in ("trainval", "test")
        ]
    except (OSError, RuntimeError, ValueError) as error:  # lists of photographs that are damaged or not there
        raise _damaged_pets(folder, error) from None
    inputs, masks = decoded(folder, lambda: _decode_pets(parts, size, folder), size=size)
    is_test = torch.cat([torch.full((len(part),), index == 1) for index, part in enumerate(parts)])
    return Raw(inputs, masks, is_test)


def _decode_pets(parts: Sequence[Any], size: int, folder: Path) -> tuple[Tensor, Tensor]:
    count = sum(len(part) for part in parts)
    inputs = torch.empty((count, 3, size, size), dtype=torch.uint8)
    masks = torch.empty((count, 1, size, size), dtype=torch.uint8)
    pairs = (pair for part in parts for pair in part)
    try:
        for index, (photograph, trimap) in enumerate(pairs):
            animal = (torch.from_numpy(np.array(trimap)) != 2).to(torch.uint8)
            inputs[index], masks[index] = resized(photograph, animal, size)
    except (OSError, SyntaxError) as error:
        raise _damaged_pets(folder, error) from None
    return inputs, masks


def _damaged_pets(folder: Path, error: Exception) -> UserError:
    return UserError(
        f"{folder} cannot be read ({first_line(error)}): delete it and run scripts/download_data oxford_pets"
    )


def _read_idx(path: Path) -> torch.Tensor:
    """The numbers of a file in MNIST's own format. Raises UserError for a damaged one."""
    try:
        return read_sn3_pascalvincent_tensor(str(path))
    except (AssertionError, KeyError, RuntimeError, ValueError):  # depends on the bytes
        raise UserError(
            f"{path} is not an idx file, or it is truncated or too long: delete it and download it again"
        ) from None
