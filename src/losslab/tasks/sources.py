"""Where samples come from: each function returns all samples of a data set as `Raw`.

Nothing here splits or scales; `task.py` does.
"""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from losslab.errors import UserError


@dataclasses.dataclass
class Raw:
    """All samples of a data set.

    Attributes:
        inputs: (N, ...) unscaled; uint8 stands for [0, 1] in 255 steps. None where `dataset` is used.
        targets: (N, ...) as the data set has them.
        is_test: (N,) bool, True for what the data set calls test samples; None where it has no such split.
        dataset: yields (input, target), for data that are read one by one.
    """

    inputs: Tensor | None
    targets: Tensor
    is_test: Tensor | None = None
    dataset: Dataset[Any] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def gather(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Samples at `indices` as (inputs float32, targets), in memory."""
        if self.inputs is None:
            assert self.dataset is not None
            inputs = torch.stack([torch.as_tensor(self.dataset[index][0]) for index in indices.tolist()])
        else:
            inputs = self.inputs[indices]
        if inputs.dtype == torch.uint8:
            inputs = inputs.float().div_(255)
        return inputs.float(), self.targets[indices]

    @classmethod
    def from_user(cls, value: Any, where: str) -> Raw:
        """From what a person's own function returned: a pair of arrays, or a Dataset of pairs."""
        if isinstance(value, tuple) and len(value) == 2:
            inputs, targets = (torch.as_tensor(np.asarray(part)) for part in value)
            if len(inputs) != len(targets):
                raise UserError(f"{where} returned {len(inputs)} inputs but {len(targets)} targets")
            return cls(inputs, targets)
        if isinstance(value, Dataset):
            count = len(value)  # type: ignore[arg-type]
            targets = torch.stack([torch.as_tensor(value[index][1]) for index in range(count)])
            return cls(None, targets, dataset=value)
        raise UserError(
            f"{where} returned {type(value).__name__}: it must return (inputs, targets) or a torch Dataset"
        )


def digits() -> Raw:
    """1,797 digits, (1, 8, 8) with 17 grey levels, 10 classes; part of scikit-learn, no network.

    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    inputs = torch.from_numpy(data.images).float().div_(16).unsqueeze(1)
    return Raw(inputs, torch.from_numpy(data.target).long())


def torchvision_digits(dataset: str, root: str) -> Raw:
    """MNIST or a data set in its format, (1, 28, 28) uint8, 10 classes, with its own test samples.

    Args:
        dataset: name of the class in torchvision.datasets, "MNIST", "FashionMNIST", ...
        root: the data folder; the files lie under `root/dataset/raw` and are downloaded when absent.

    Raises UserError where they are neither there nor to be had, and where a file is cut short.
    """
    import torchvision

    make = getattr(torchvision.datasets, dataset)
    raw_folder = Path(root) / dataset / "raw"
    if not _all_files(make, raw_folder):
        _download(make, dataset, root)
    for name in _all_files(make, raw_folder):
        _check_idx(raw_folder / name)
    parts = [make(root, train=train) for train in (True, False)]
    inputs = torch.cat([part.data for part in parts]).unsqueeze(1)
    targets = torch.cat([part.targets for part in parts])
    is_test = torch.cat([torch.full((len(part),), index == 1) for index, part in enumerate(parts)])
    return Raw(inputs, targets.long(), is_test)


def _all_files(make: Any, raw_folder: Path) -> list[str]:
    """The four files of the data set if all are there, else none."""
    names = [Path(archive).stem for archive, _ in make.resources]
    return names if all((raw_folder / name).is_file() for name in names) else []


def _download(make: Any, dataset: str, root: str) -> None:
    try:
        make(root, download=True)
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0]
        raise _no_data(dataset, root, reason) from None
    except RuntimeError as error:
        raise _no_data(dataset, root, str(error).splitlines()[0]) from None


def _no_data(dataset: str, root: str, reason: str) -> UserError:
    return UserError(
        f"no {dataset} under {root} and it could not be downloaded ({reason}): "
        f"run scripts/download_data where there is a network, or set data_dir=FOLDER or "
        f"LOSSLAB_DATA to a folder that has {dataset}/raw"
    )


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
