"""Empty figures, and figures as pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

DOTS_PER_INCH = 80


def figure(rows: int = 1, columns: int = 1, width: float = 5.0, height: float = 4.5) -> tuple[Any, Any]:
    """A Figure of `width` by `height` inches, and its axes (rows, columns)."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False)


def pixels(drawn: Any) -> np.ndarray:
    """A Figure as (H, W, 3) uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(drawn)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
