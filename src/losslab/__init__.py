"""losslab: compare losses honestly.

Kept free of heavy imports: `losslab --help` and shell completion must answer at once.
"""

__version__ = "0.1.0"
