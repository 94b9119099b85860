"""Objects from targets in the settings, by Hydra, with its chains of causes made one sentence."""

from __future__ import annotations

import inspect
import traceback
from pathlib import Path
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import get_object, instantiate

from losslab.config.settings import Target
from losslab.config.settings.values import WORDS
from losslab.errors import UserError, first_line


def make(target: Target, where: str) -> Any:
    """What `target` describes.

    Args:
        where: for the sentence, e.g. "loss=mine".

    Raises UserError where it cannot be imported, or refuses its arguments.
    """
    _refuse_words_for_flags(target, where)
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


def _refuse_words_for_flags(target: Target, where: str) -> None:
    """`no` and `off` are text for Hydra, and text is true: refused where the argument's default is a bool."""
    words = {name: value for name, value in target.arguments.items() if str(value).lower() in WORDS}
    if all(isinstance(value, bool) for value in words.values()):
        return
    try:
        parameters = inspect.signature(get_object(target.target)).parameters
    except Exception:  # instantiating it says what is wrong
        return
    for name, value in words.items():
        if isinstance(value, str) and name in parameters and isinstance(parameters[name].default, bool):
            raise UserError(f"{where}: {target.target} takes {name}={value} as text: give true or false")


def _place(error: BaseException) -> str:
    """Where a person's own file failed; nothing for what an installed library says."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or "site-packages" in frames[-1].filename:
        return ""
    if Path(__file__).parents[1] in Path(frames[-1].filename).parents:
        return ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"
