"""Decoded and resized images on disk, so that the next run need not read thousands of files again."""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor

from losslab.config.fingerprint import of_path
from losslab.config.hydra_setup import cache_folder

VERSION = 1  # raise it when the same files are decoded into other tensors


def decoded(folder: Path, decode: Callable[[], tuple[Tensor, ...]], **options: Any) -> tuple[Tensor, ...]:
    """What `decode()` returns, from the user's cache folder if an earlier call had these files and options.

    A cached file is named by the content of all files below `folder`, the options and versions of libraries.
    It is written whole or not at all, may be deleted at any time, and is made again if it is damaged.

    Args:
        folder: the files that `decode` reads.
        options: what else decides the result.
    """
    import PIL

    made_of = [VERSION, of_path(folder), options, torchvision.__version__, PIL.__version__]
    key = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:32]
    path = cache_folder() / "decoded" / f"{folder.name}-{key}.pt"
    try:
        return tuple(torch.load(path, weights_only=True))
    except (OSError, EOFError, RuntimeError, ValueError, TypeError, pickle.UnpicklingError):
        pass  # not there, or damaged
    result = decode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            unfinished = Path(file.name)
            try:
                torch.save(list(result), file)
                file.close()
                unfinished.replace(path)
            finally:
                unfinished.unlink(missing_ok=True)
    except (OSError, RuntimeError):  # a full or read-only disk costs only time
        pass
    return result
