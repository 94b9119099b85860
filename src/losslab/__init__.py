"""losslab: compare losses honestly.

Kept free of heavy imports: `losslab --help` and shell completion must answer at once.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Public functions are imported when they are first used: `import losslab` alone loads nothing."""
    if name == "judge":
        from losslab.judgement.judge import judge

        return judge
    if name == "compare":
        from losslab.own_training.compare import compare

        return compare
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
