"""Code of functions and classes as part of a run's identity: an edited `train` or loss is another one.

`losslab/config/code.py` does the same for modules that a config names. Here objects are given, which may come
from a script or a notebook, where a change elsewhere in the file must not make results stale. So what counts
is the compiled code of the object, without line numbers, comments and docstrings, and the values of the
globals and closure variables that it uses, followed as far as they are the user's own. Installed packages
count by name; the record has their versions. Another version of Python compiles to other code, and repeats
the runs.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import pathlib
import types
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from losslab.config import code
from losslab.own_training.fingerprints import digest

DEEPEST = 30
_IRRELEVANT_OPS = {"RESUME", "CACHE", "NOP", "PRECALL", "PUSH_NULL", "COPY_FREE_VARS", "MAKE_CELL"}
# What Python itself adds to a class; some of it depends on the line that the class stands in.
_IRRELEVANT_NAMES = {
    *("__doc__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__", "__dict__"),
    *(
        "__weakref__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__abstractmethods__",
        "_abc_impl",
    ),
}
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), torch.dtype, torch.device)


def of_parts(**parts: Any) -> str:
    """One hash for all parts."""
    return hashlib.sha256(repr(sorted(parts.items())).encode()).hexdigest()[:16]


def of_object(value: Any) -> str:
    """A hash of a function, class, instance or plain value, with all of the user's own code that it uses."""
    return hashlib.sha256(repr(_Describer().describe(value, 0)).encode()).hexdigest()[:16]


class _Describer:
    """Values as nested lists of texts; an object that was met before is its number."""

    def __init__(self) -> None:
        self.met: dict[int, tuple[int, Any]] = {}  # also keeps them alive, so that no id is used twice

    def describe(self, value: Any, depth: int) -> Any:
        if isinstance(value, _PLAIN):
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, pathlib.PurePath):
            return f"path {value}"
        if id(value) in self.met:
            return f"met {self.met[id(value)][0]}"
        if depth > DEEPEST:
            return type(value).__qualname__
        if not isinstance(
            value, tuple | frozenset | types.CodeType
        ):  # Python may share equal constants, or not
            self.met[id(value)] = (len(self.met), value)
        return self._new(value, depth + 1)

    def _new(self, value: Any, depth: int) -> Any:
        if isinstance(value, torch.Tensor) or (isinstance(value, np.ndarray) and value.dtype != object):
            return digest(value)
        if isinstance(value, Mapping):
            return [[self.describe(key, depth), self.describe(item, depth)] for key, item in value.items()]
        if isinstance(value, list | tuple):
            return [self.describe(item, depth) for item in value]
        if isinstance(value, set | frozenset):
            return sorted(repr(self.describe(item, depth)) for item in value)
        if isinstance(value, types.ModuleType):
            return [value.__name__, _own_module(value.__name__)]
        if isinstance(value, types.CodeType):
            return self._code(value, {}, depth)
        if isinstance(value, functools.partial):
            return [self.describe(part, depth) for part in (value.func, value.args, value.keywords)]
        if isinstance(value, types.MethodType):
            return [self.describe(value.__func__, depth), self.describe(value.__self__, depth)]
        if isinstance(value, types.FunctionType):
            return self._function(value, depth)
        if isinstance(value, type):
            return self._class(value, depth)
        if isinstance(value, property):
            return [self.describe(part, depth) for part in (value.fget, value.fset)]
        if isinstance(value, staticmethod | classmethod):
            return [type(value).__name__, self.describe(value.__func__, depth)]
        return self._instance(value, depth)

    def _function(self, function: types.FunctionType, depth: int) -> Any:
        if not _is_own(function.__module__):
            return f"{function.__module__}.{function.__qualname__}"
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        return [
            self._code(function.__code__, function.__globals__, depth),
            self.describe([function.__defaults__, function.__kwdefaults__, cells], depth),
        ]

    def _class(self, cls: type, depth: int) -> Any:
        if not _is_own(cls.__module__):
            return f"{cls.__module__}.{cls.__qualname__}"
        members = {name: item for name, item in vars(cls).items() if name not in _IRRELEVANT_NAMES}
        return [self.describe(list(cls.__bases__), depth), self.describe(members, depth)]

    def _instance(self, value: Any, depth: int) -> Any:
        """Its class and its public attributes: private ones are mostly caches, except in torch's modules."""
        attributes = dict(getattr(value, "__dict__", {}))
        for cls in type(value).__mro__:
            slots = getattr(cls, "__slots__", ())
            names = [slots] if isinstance(slots, str) else slots
            attributes |= {name: getattr(value, name) for name in names if hasattr(value, name)}
        if isinstance(value, types.BuiltinFunctionType):
            attributes["name"] = value.__qualname__
        kept = ("_parameters", "_buffers", "_modules") if isinstance(value, nn.Module) else ("__wrapped__",)
        public = {name: item for name, item in attributes.items() if name[:1] != "_" or name in kept}
        if hasattr(value, "to_numpy"):  # frames and series of pandas
            public = {"values": value.to_numpy()}
        elif isinstance(value, np.ndarray):
            public = {"values": value.tolist()}
        return [self.describe(type(value), depth), self.describe(public, depth)]

    def _code(self, compiled: types.CodeType, names: Mapping[str, Any], depth: int) -> Any:
        found: list[Any] = []
        for instruction in dis.get_instructions(compiled):
            operation, argument = instruction.opname, instruction.argval
            if operation in _IRRELEVANT_OPS:
                continue
            if operation == "STORE_NAME" and argument in _IRRELEVANT_NAMES:
                found.pop()  # the constant that is stored
            elif isinstance(argument, types.CodeType):
                found.append([operation, self._code(argument, names, depth)])
            elif operation == "IMPORT_NAME":
                found.append([operation, argument, _own_module(argument)])
            elif operation in ("LOAD_GLOBAL", "LOAD_NAME") and argument in names:
                found.append([operation, argument, self.describe(names[argument], depth)])
            elif operation == "LOAD_CONST":
                found.append([operation, self.describe(argument, depth)])
            else:
                found.append([operation, repr(argument)])
        return found


def _is_own(module: str | None) -> bool:
    return module == "__main__" or module is None or _own_module(module) is not None


def _own_module(name: str) -> str | None:
    """The hash of a module's files; None for installed packages and the standard library."""
    if name == "__main__" or not name:
        return None
    return code.of_module(name if name.startswith(f"{code.PACKAGE}.") else name.partition(".")[0])


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018  (empty until the variable has a value)
    except ValueError:
        return False
    return True
