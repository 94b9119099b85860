"""Objects from config nodes with `_target_`, by Hydra, with its chains of causes made one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from losslab.errors import UserError, first_line


def make(config: Mapping[str, Any], where: str) -> Any:
    """What `config` describes.

    Args:
        where: for the sentence, e.g. "loss=mine".

    Raises UserError where there is no target, it cannot be imported, or it refuses its arguments.
    """
    if not isinstance(config.get("_target_"), str):
        raise UserError(f"{where} has no _target_: give the dotted path of a class or function")
    try:
        return instantiate(config)
    except InstantiationException as error:
        cause: BaseException = error.__cause__ or error
        if isinstance(cause, UserError):
            raise cause from None
        reason = first_line(cause)
        if isinstance(cause, LookupError):  # its text is the key alone
            reason = f"{type(cause).__name__} {reason}"
        target = config.get("_target_")
        raise UserError(f"{where}: {target} could not be made: {reason}{_place(cause)}") from error


def _place(error: BaseException) -> str:
    """Where a person's own file failed; nothing for what an installed library says."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or "site-packages" in frames[-1].filename:
        return ""
    if Path(__file__).parents[1] in Path(frames[-1].filename).parents:
        return ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"
