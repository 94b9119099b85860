"""The console that all commands print to."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


@functools.cache
def console() -> Console:
    """As wide as the terminal, a notebook or COLUMNS says; in a log or in CI 160 columns."""
    from rich.console import Console

    found = Console()
    known = found.is_terminal or found.is_jupyter or "COLUMNS" in os.environ
    return found if known else Console(width=160)
