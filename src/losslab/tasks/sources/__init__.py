"""Where samples come from, one file per origin: each function returns all samples of a data set as `Raw`.

Nothing here splits or scales; `task.py` does.
"""

from losslab.tasks.sources.raw import Raw

__all__ = ["Raw"]
