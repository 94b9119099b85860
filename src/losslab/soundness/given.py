"""A loss that Python code gave: a module, a class, or a function of (prediction, target)."""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from losslab.errors import UserError, first_line
from losslab.losses.make import is_loss_function


@dataclasses.dataclass(frozen=True)
class Given:
    """Makes the loss anew for each mark, so that one with state does not remember the last mark.

    Attributes:
        loss: as given.
        arguments: of the class or function.
    """

    loss: Any
    arguments: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(getattr(self.loss, "__name__", None) or type(self.loss).__name__)

    @property
    def definition(self) -> Any:
        """The class or function."""
        return type(self.loss) if isinstance(self.loss, nn.Module) else self.loss

    def takes(self, argument: str) -> bool:
        """Whether the loss can be made with this argument; a module that is made already cannot."""
        if isinstance(self.loss, nn.Module):
            return False
        try:
            return argument in inspect.signature(self.loss).parameters
        except ValueError:  # written in C
            return False

    def make(self, **arguments: Any) -> Callable[..., Any]:
        """The loss, with some arguments replaced. Raises UserError if it cannot be made."""
        if isinstance(self.loss, nn.Module):
            return copy.deepcopy(self.loss)
        arguments = {**self.arguments, **arguments}
        if is_loss_function(self.loss, arguments):
            return functools.partial(self.loss, **arguments)
        try:
            made = self.loss(**arguments)
        except Exception as error:
            raise UserError(f"{self.name} cannot be made with {arguments}: {first_line(error)}") from error
        if not callable(made):
            raise UserError(f"{self.name} makes {type(made).__name__}, which is not callable")
        return made
