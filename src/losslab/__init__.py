"""losslab: compare losses honestly.

Kept free of heavy imports: `losslab --help` and shell completion must answer at once.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

# Public functions and where they are.
_PUBLIC = {
    "check": "losslab.soundness.check",
    "compare": "losslab.own_training.compare",
    "judge": "losslab.judgement.judge",
    "parametrize_with_checks": "losslab.soundness.check",
    "reproduce": "losslab.cli.reproduce",
}


def __getattr__(name: str) -> Any:
    """Public functions are imported when they are first used: `import losslab` alone loads nothing."""
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
