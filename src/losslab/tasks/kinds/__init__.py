"""Kinds of target, one per file. `kind: multiclass` in a task's YAML finds `multiclass.py`.

The user's own kind is named by its dotted path, `kind: my_module.MyKind`.
"""

from __future__ import annotations

import importlib
import pkgutil

from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind

__all__ = ["Kind", "kind_named"]


def kind_named(name: str) -> type[Kind]:
    """The class for `name`, which is a file of this folder (with one subclass of Kind) or a dotted path."""
    if "." in name:
        module, _, attribute = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise UserError(f"task.kind={name} could not be imported: {error}") from None
        if not (isinstance(found, type) and issubclass(found, Kind)):
            raise UserError(f"task.kind={name} is not a subclass of losslab.tasks.kinds.Kind")
        return found
    names = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"]
    if name not in names:
        raise UserError(f"task.kind={name} does not exist: choose one of {', '.join(sorted(names))}")
    module = importlib.import_module(f"{__name__}.{name}")  # type: ignore[assignment]
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Kind) and value.__module__ == module.__name__  # type: ignore[attr-defined]
    )
