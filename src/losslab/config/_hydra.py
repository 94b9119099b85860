"""All of Hydra's private interfaces that losslab needs; no other file imports `hydra._internal`.

Each has a test in `tests/config/test_hydra_interfaces.py`, which names the version at which it was tried.
"""

from __future__ import annotations

import traceback
from pathlib import Path

import hydra


def overrides_first(arguments: list[str]) -> list[str]:
    """The same command line with all key=value in front: Hydra refuses them on both sides of an option.

    Only Hydra's own parser knows which options take a value, and nothing public returns it.
    """
    from hydra._internal.utils import get_args_parser

    overrides = get_args_parser().parse_intermixed_args(arguments).overrides
    options = list(arguments)
    for override in overrides:
        options.remove(override)
    return [*overrides, *options]


def raised_inside_hydra(error: BaseException) -> bool:
    """Whether the innermost frame is Hydra's: then the input is wrong, and it is not a bug of losslab.

    Hydra answers some wrong input with a plain Python exception (`model=[1,2]` is a TypeError inside it).
    """
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and Path(hydra.__file__).parent in Path(frames[-1].filename).parents
