"""The console that all commands print to."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@functools.cache
def console() -> Console:
    """As wide as the terminal; wide enough for a comparison in a log or in CI, where rich assumes 80."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
