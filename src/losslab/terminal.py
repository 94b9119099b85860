"""The console that all commands print to."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@functools.cache
def console() -> Console:
    """As wide as the terminal; 160 columns in a log or in CI, where rich's 80 would cut a comparison."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 160)
