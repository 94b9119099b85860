"""Which warnings a person sees: those that can be acted on, one line each, once a process.

- Whatever comes from a person's own files, or from a library called by them with a habit that will end.
- What libraries say of machine and data (UserWarning, RuntimeWarning).
- Not what they say to their own programmers: deprecations without a person's file on the way, and Lightning's
  advice on DataLoaders and logging, which a run does not have.

Python's own switches (-W, PYTHONWARNINGS) go before all of this.
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
    """The policy, until the end of the block."""
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
    """Whether this is a person's file: neither Python's, nor installed, nor ours."""
    if filename.startswith("<"):
        return False
    path = Path(filename).resolve()
    if "site-packages" in path.parts or "dist-packages" in path.parts:
        return False
    ours = Path(__file__).resolve().parents[2]
    of_python = Path(sysconfig.get_paths()["stdlib"]).resolve()
    commands = Path(sysconfig.get_paths()["scripts"]).resolve()
    # not all of `ours`: in a checkout with its src as working folder a person's files lie there, too
    return not any(
        path.is_relative_to(place)
        for place in (ours / "losslab", ours / "hydra_plugins", of_python, commands)
    )


def _persons_place() -> tuple[str, int] | None:
    """The innermost of a person's files that led here, and its line."""
    frame = sys._getframe(2)
    while frame is not None:
        filename = frame.f_code.co_filename
        if is_own(filename):
            return filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None
