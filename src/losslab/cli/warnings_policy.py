"""Which warnings the user sees: those that the user can act on, one line each, once per process.

- Warnings from the user's own files, and from libraries called there about usage that will stop working.
- What libraries say about the machine and the data (UserWarning, RuntimeWarning).
- Not what libraries say to their own developers: deprecations in calls that do not come from the user's
  files, and Lightning's advice on DataLoaders and logging, which a run does not use.

Python's own switches (-W, PYTHONWARNINGS) take precedence.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TO_PROGRAMMERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
_ADVICE_OF = ("pytorch_lightning", "lightning", "lightning_fabric")
_shown: set[tuple[str, int, type[Warning]]] = set()


@contextlib.contextmanager
def for_people() -> Iterator[None]:
    """Applies the policy until the end of the block."""
    if sys.warnoptions:
        yield
        return
    with warnings.catch_warnings():
        for category in _TO_PROGRAMMERS:
            warnings.simplefilter("always", category)
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show
        yield


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: Any = None,
    line: Any = None,
) -> None:
    if not is_own(filename):
        own = _persons_place()
        if issubclass(category, _TO_PROGRAMMERS) and own is None:
            return
        if own is not None:
            filename, lineno = own
        elif any(f"/{name}/" in filename.replace("\\", "/") for name in _ADVICE_OF):
            return
    if (filename, lineno, category) in _shown:
        return
    _shown.add((filename, lineno, category))
    text = " ".join(str(message).split())
    print(f"losslab: {filename}, line {lineno}: {category.__name__}: {text}", file=sys.stderr)


@functools.lru_cache(maxsize=4096)
def is_own(filename: str) -> bool:
    """Whether this is the user's file: not Python's, not installed, not losslab's."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return False
    ours = Path(__file__).resolve().parents[2]
    of_python = Path(sysconfig.get_paths()["stdlib"]).resolve()
    commands = Path(sysconfig.get_paths()["scripts"]).resolve()
    # not all of `ours`: if the working folder is a checkout's src, the user's files are there too
    return not any(
        path.is_relative_to(place)
        for place in (ours / "losslab", ours / "hydra_plugins", of_python, commands)
    )


def _persons_place() -> tuple[str, int] | None:
    """The innermost of the user's files on the call stack, and its line."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if is_own(filename):
            return filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None
