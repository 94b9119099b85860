"""Objects from config nodes with `_target_`, by Hydra, with its chains of causes made one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from losslab.errors import UserError, first_line


def make(config: Mapping[str, Any], where: str) -> Any:
    """What `config` describes.

    Args:
        where: for the sentence, e.g. "loss=mine".

    Raises UserError where the target cannot be imported, or refuses its arguments.
    """
    try:
        return instantiate(config)
    except InstantiationException as error:
        cause: BaseException = error.__cause__ or error
        if isinstance(cause, UserError):
            raise cause from None
        raise UserError(
            f"{where}: {config.get('_target_')} could not be made: {first_line(cause)}"
        ) from error
