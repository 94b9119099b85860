"""Shows a comparison to people: in the terminal, in TensorBoard, and as files to paste and compute with.

Words and numbers are in `tables.py`, the picture in `figures.py`, TensorBoard's log in
`tensorboard_comparison.py`. Nothing is computed here that a
comparison does not hold already.
"""

from __future__ import annotations

from pathlib import Path

from losslab.compare import Comparison
from losslab.errors import UserError
from losslab.records import write_atomically
from losslab.report.figures import write_figure
from losslab.report.tables import as_markdown, print_comparison
from losslab.report.tensorboard_comparison import write_tensorboard

__all__ = ["print_comparison", "write_comparison"]

CSV_FILE = "comparison.csv"
MARKDOWN_FILE = "comparison.md"
FIGURE_FILE = "comparison.png"


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write all numbers, the table and the picture into `folder`, each whole or not at all.

    Also writes the folder `comparison`, which shows the same in TensorBoard beside the runs.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / CSV_FILE, comparison.frame().to_csv(index=False))
        write_figure(comparison, folder / FIGURE_FILE)
        write_atomically(folder / MARKDOWN_FILE, as_markdown(comparison, FIGURE_FILE))
        log = write_tensorboard(comparison, folder, folder / FIGURE_FILE)
    except OSError as error:
        raise UserError(f"the comparison cannot be saved in {folder}: {error.strerror or error}") from error
    return [*(folder / name for name in (CSV_FILE, MARKDOWN_FILE, FIGURE_FILE)), log]
