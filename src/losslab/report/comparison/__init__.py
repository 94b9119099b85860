"""Shows a comparison to the user: in the terminal, in TensorBoard, and as files to paste and compute with.

The answer in words is in `answer.py`, what stands in tables in `tables.py`; `printed.py` shows both in the
terminal, `documents.py` in files. The picture is in `figures.py`, TensorBoard's log in `tensorboard.py`.
Nothing is computed here that a comparison does not already hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from losslab.comparison.comparison import compare
from losslab.comparison.result import Comparison
from losslab.errors import UserError
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import Stages
from losslab.records import write_atomically
from losslab.report.comparison.answer import next_steps
from losslab.report.comparison.documents import as_latex, as_markdown
from losslab.report.comparison.printed import print_comparison

__all__ = ["print_comparison", "summarise", "write_comparison"]

CSV_FILE = "comparison.csv"
MARKDOWN_FILE = "comparison.md"
LATEX_FILE = "comparison.tex"
FIGURE_FILE = "comparison.png"
RANKS_FILE = "comparison_ranks.png"
RELIABILITY_FILE = "comparison_reliability.png"


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes all numbers, the table and the pictures into `folder`, each completely or not at all.

    Also writes the folder `comparison`, which shows the same in TensorBoard beside the runs.
    """
    # here, because importing matplotlib takes longer than showing the table
    from losslab.report.comparison.figures import draw, save_figure
    from losslab.report.comparison.looks import looks_of
    from losslab.report.comparison.reliability_figure import draw_reliability
    from losslab.report.comparison.tensorboard import write_tensorboard
    from losslab.report.rank_figure import draw_ranks

    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / CSV_FILE, comparison.frame().to_csv(index=False))
        save_figure(draw(comparison), folder / FIGURE_FILE)
        more = []
        if comparison.overall:
            save_figure(draw_ranks(comparison.overall, "task"), folder / RANKS_FILE)
            more.append(RANKS_FILE)
        reliability = draw_reliability(comparison.tasks, looks_of(comparison))
        if reliability is not None:
            save_figure(reliability, folder / RELIABILITY_FILE)
            more.append(RELIABILITY_FILE)
        document = as_markdown(comparison, FIGURE_FILE, RANKS_FILE, RELIABILITY_FILE if reliability else None)
        write_atomically(folder / MARKDOWN_FILE, document)
        write_atomically(folder / LATEX_FILE, as_latex(comparison))
        log = write_tensorboard(comparison, folder, folder / FIGURE_FILE)
    except OSError as error:
        raise UserError(f"the comparison cannot be saved in {folder}: {error.strerror or error}") from error
    files = [CSV_FILE, MARKDOWN_FILE, LATEX_FILE, FIGURE_FILE, *more]
    return [*(folder / name for name in files), log]


def summarise(
    folders: Path | Sequence[Path],
    console: Console,
    *,
    reference: str | None = None,
    metric: str | None = None,
    output: Path | None = None,
    margin: Margin | None = None,
    stages: Stages | None = None,
) -> Comparison:
    """Compares, prints sentences and tables, and saves them with a picture, as a sweep does at its end.

    Saves into `output`; by default into the folder, or with several folders into ./comparison.
    """
    folders = [folders] if isinstance(folders, Path) else list(folders)
    comparison = compare(folders, reference, metric, margin, stages)
    print_comparison(comparison, console)
    target = output or (folders[0] if len(folders) == 1 else Path("comparison"))
    written = write_comparison(comparison, target)
    names = ", ".join(path.name for path in written)
    console.print(f"Saved {names} in {target}", markup=False, highlight=False, soft_wrap=True)
    if len(folders) == 1:
        for step in next_steps(comparison, folders[0]):
            console.print(f"- {step}", markup=False, highlight=False, soft_wrap=True)
    return comparison
