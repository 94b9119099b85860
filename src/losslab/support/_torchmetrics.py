"""Imports torchmetrics without the optional libraries that it imports for metrics and plots that no run uses.

Lightning imports all of torchmetrics, and that imports matplotlib, scipy.signal, torchvision and, where it is
installed, transformers: seconds of every start. Until one of them is used, stand-ins take their place; then
the real one is imported, so everything in torchmetrics works as usual. Tried with the version below.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

TRIED_WITH = "1.9.0"
POSTPONED = ("matplotlib", "scipy.signal", "torchvision", "transformers")


def import_quickly() -> None:
    """Imports torchmetrics; imports it as usual if another version makes more of the libraries than names."""
    if "torchmetrics" in sys.modules:
        return
    import torch  # noqa: F401  before the stand-ins: only torchmetrics shall see them

    try:
        with _stand_ins():
            import torchmetrics
    except Exception:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchmetrics"]:
            del sys.modules[name]
        import torchmetrics  # noqa: F401


@contextlib.contextmanager
def _stand_ins() -> Iterator[None]:
    finder = _Finder([name for name in POSTPONED if name not in sys.modules])
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name, module in list(sys.modules.items()):
            if isinstance(module, _Module):
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                if parent in sys.modules:
                    vars(sys.modules[parent]).pop(child, None)
        finder.active = False


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds stand-ins for the modules `names` and all below them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.active = True

    def find_spec(
        self, fullname: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not any(f"{fullname}.".startswith(f"{name}.") for name in self.names):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return _Module(spec.name, self)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


class _Module(types.ModuleType):
    """A module in whose place the real one is used from the first use on."""

    def __init__(self, name: str, finder: _Finder) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self._finder.active:
            return getattr(importlib.import_module(self.__name__), name)
        return _Value(lambda: getattr(importlib.import_module(self.__name__), name), self._finder)


class _Value:
    """Something of such a module: a function, a class, or the result of a call."""

    def __init__(self, real: Callable[[], Any], finder: _Finder) -> None:
        self._real = real
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self._finder.active:
            return getattr(self._real(), name)
        return _Value(lambda: getattr(self._real(), name), self._finder)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if not self._finder.active:
            return self._real()(*arguments, **options)
        return _Value(lambda: self._real()(*arguments, **options), self._finder)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._real())
