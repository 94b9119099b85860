"""Makes the objects that targets in the settings describe; Hydra's chained errors become one sentence."""

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
    """Makes the object that `target` describes.

    Args:
        where: for the error message, e.g. "loss=mine".

    Raises UserError if it cannot be imported, or does not accept its arguments.
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
    """Refuses `no` and `off` if an argument's default is a bool: Hydra reads them as text, which is true."""
    words = {name: value for name, value in target.arguments.items() if str(value).lower() in WORDS}
    if all(isinstance(value, bool) for value in words.values()):
        return
    try:
        parameters = inspect.signature(get_object(target.target)).parameters
    except Exception:  # instantiating it reports the error
        return
    for name, value in words.items():
        if isinstance(value, str) and name in parameters and isinstance(parameters[name].default, bool):
            raise UserError(f"{where}: {target.target} takes {name}={value} as text: give true or false")


def _place(error: BaseException) -> str:
    """Where the user's own file failed; empty for errors inside an installed library."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or "site-packages" in frames[-1].filename:
        return ""
    if Path(__file__).parents[1] in Path(frames[-1].filename).parents:
        return ""
    return f" ({frames[-1].filename}, line {frames[-1].lineno})"
