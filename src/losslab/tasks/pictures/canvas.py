"""An empty figure for a picture."""

from __future__ import annotations

from typing import Any

DOTS_PER_INCH = 80
# Inches around the axes and between them: room for labels and titles of the usual size.
LEFT, RIGHT, BOTTOM, TOP, BETWEEN = 0.85, 0.2, 0.6, 0.4, 0.8


def figure(
    rows: int = 1, columns: int = 1, width: float = 5.0, height: float = 4.5, measured: bool = False
) -> tuple[Any, Any]:
    """A Figure of `width` by `height` inches, and its axes (rows, columns).

    Args:
        measured: measures how much room labels need, which draws everything several times; otherwise the room
            is
        fixed. With several pictures per run the difference is a good part of a second.
    """
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained" if measured else None)
    axes = made.subplots(rows, columns, squeeze=False)
    if not measured:
        made.subplots_adjust(
            left=LEFT / width,
            right=1 - RIGHT / width,
            bottom=BOTTOM / height,
            top=1 - TOP / height,
            wspace=BETWEEN * columns / (width - LEFT - RIGHT - BETWEEN * (columns - 1)),
            hspace=BETWEEN * rows / (height - BOTTOM - TOP - BETWEEN * (rows - 1)),
        )
    return made, axes
