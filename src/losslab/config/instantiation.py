"""Objects from targets in the settings, by Hydra, with its chains of causes made one sentence."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from losslab.config.settings import Target
from losslab.errors import UserError, first_line


def make(target: Target, where: str) -> Any:
    """What `target` describes.

    Args:
        where: for the sentence, e.g. "loss=mine".

    Raises UserError where it cannot be imported, or refuses its arguments.
    """
    try:
        return instantiate(target.plain())
    except InstantiationException as error:
        cause: BaseException = error.__cause__ or error
        if isinstance(cause, UserError):
            raise cause from None
        reason = first_line(cause)
        if isinstance(cause, LookupError):  # its text is the key alone
            reason = f"{type(cause).__name__} {reason}"
        raise UserError(f"{where}: {target.target} could not be made: {reason}{_place(cause)}") from error


def _place(error: BaseException) -> str:
    """Where a person's own file failed; nothing for what an installed library says."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or "site-packages" in frames[-1].filename:
        return ""
    if Path(__file__).parents[1] in Path(frames[-1].filename).parents:
        return ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"
