"""A comparison as words and numbers: rich tables for the terminal, Markdown to paste.

Names of arms come from the user's configs and are shown as they are, never as markup.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from losslab import markdown
from losslab.comparison.result import Arm, Comparison, TaskComparison
from losslab.judgement.intervals import Estimate, StepsToTarget
from losslab.markdown import escaped
from losslab.records import DIVERGED, FAILED, FINISHED

DASH = "–"
NOT_REACHED = "not reached"
MOST_SENTENCES = 10  # of a kind in the terminal; the Markdown file has them all
EXPLANATION = (
    "± and [ ]: 95 % Student-t intervals over seeds; those of differences hold together for all arms. "
    "A run that diverged counts with the validation metric of its untrained network; one that failed has no "
    "value and is left out. Differences are over the seeds that have a value in both arms and collapsed in "
    "neither. "
    "Rank: by the median. "
    "Steps: median, a run that never got there counting as infinite (runs that did / all that did not fail)."
)


@dataclasses.dataclass(frozen=True)
class Column:
    heading: str
    cells: list[str]
    numeric: bool = True


def columns(task: TaskComparison) -> list[Column]:
    """The columns of one task's table, with one cell per arm. Columns without information are left out."""
    arms, digits = task.arms, number_format(task)
    relation = "≥" if task.higher_is_better else "≤"
    table = [
        Column("rank", _places(arms)),
        Column("arm", [arm.label for arm in arms], numeric=False),
        Column(f"test {task.metric}".strip(), [_mean(arm.estimate, digits) for arm in arms]),
    ]
    if len(arms) > 1:
        table += [
            Column(f"difference from {task.reference}", [_difference(arm, digits) for arm in arms]),
            Column("pairs", [str(arm.difference.n) if arm.difference else DASH for arm in arms]),
        ]
    table += [
        Column(
            f"steps to {relation} {value:g}",
            [_steps(arm.targets[value]) for arm in arms],
        )
        for value in (arms[0].targets if arms else ())
    ]
    table.append(Column("finished", [f"{arm.count(FINISHED)}/{len(arm.runs)}" for arm in arms]))
    for status in (DIVERGED, FAILED):
        counts = [arm.count(status) for arm in arms]
        if any(counts):
            table.append(Column(status, [str(count) for count in counts]))
    return table


def protocol_line(task: TaskComparison) -> str:
    """What was done, in one line: "task digits · model mlp · seeds 0–4 · 20 epochs · 640 steps"."""
    runs = [run for arm in task.arms for run in arm.runs.to_dict("records")]
    models = list(dict.fromkeys(str(run["choices"]["model"]) for run in runs if "model" in run["choices"]))
    trainers = [trainer for run in runs if isinstance(trainer := run["config"].get("trainer"), dict)]
    epochs = {trainer["max_epochs"] for trainer in trainers if isinstance(trainer.get("max_epochs"), int)}
    steps = {int(run["steps"]) for run in runs if run["status"] == FINISHED}
    seeds = [set(arm.outcomes.index) for arm in task.arms]
    every_seed = sorted({int(seed) for some in seeds for seed in some})
    uneven = " (not in every arm)" if any(some != seeds[0] for some in seeds) else ""
    parts = [
        f"task {task.task}",
        f"model {models[0]}" if len(models) == 1 else f"{len(models)} models" if models else "",
        f"{'seed' if len(every_seed) == 1 else 'seeds'} {_ranges(every_seed)}{uneven}",
        _count(epochs, "epoch"),
        _count(steps, "step"),
    ]
    return " · ".join(part for part in parts if part)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Prints what is mixed, missing or stale, each task's table, the answer over all tasks, what failed."""
    for sentence in _at_most(comparison.problems, MOST_SENTENCES):
        console.print(Text(sentence, style="yellow"), soft_wrap=True)
    for task in comparison.tasks:
        for sentence in _at_most(task.sentences, MOST_SENTENCES):
            console.print(Text(sentence, style="bold"), soft_wrap=True)
        console.print(_rich_table(task))
        for note in task.notes:
            console.print(Text(f"Note: {note}", style="yellow"))
    for sentence in comparison.overall_sentences():
        console.print(Text(sentence, style="bold"), soft_wrap=True)
    for sentence in _at_most(comparison.failures, MOST_SENTENCES):
        console.print(Text(sentence, style="yellow"), soft_wrap=True)


def as_markdown(comparison: Comparison, picture: str | None = None, ranks: str | None = None) -> str:
    """The comparison as a Markdown document.

    Args:
        picture, ranks: files beside it with the validation curves and the ranks over tasks.
    """
    lines = ["# Comparison", ""]
    lines += [f"- {escaped(problem)}" for problem in comparison.problems] + [""] * bool(comparison.problems)
    for task in comparison.tasks:
        lines += [f"- **{escaped(sentence)}**" for sentence in task.sentences] + [""] * bool(task.sentences)
        lines += [escaped(protocol_line(task)), "", _markdown_table(columns(task)), ""]
        lines += [f"- {escaped(note)}" for note in task.notes] + [""] * bool(task.notes)
    lines += _over_tasks(comparison, ranks)
    lines += [EXPLANATION, ""]
    if picture:
        lines += [f"![validation curves of all arms]({picture})", ""]
    if comparison.failures:
        lines += [
            "## Not as planned",
            "",
            *(f"- {escaped(sentence)}" for sentence in comparison.failures),
            "",
        ]
    return "\n".join(lines)


def _over_tasks(comparison: Comparison, picture: str | None) -> list[str]:
    if comparison.overall is None:
        return []
    table = comparison.overall.frame().rename(columns=lambda name: name.replace("_", " "))
    rows = [
        [escaped(cell) if isinstance(cell, str) else f"{cell:.3g}" for cell in row]
        for row in table.itertuples(index=False)
    ]
    lines = ["## Over all tasks", ""]
    lines += [f"- **{escaped(sentence)}**" for sentence in comparison.overall_sentences()]
    lines += ["", markdown.table(list(table.columns), rows, range(1, len(table.columns))), ""]
    return [*lines, *([f"![mean ranks over all tasks]({picture})", ""] if picture else [])]


def number_format(task: TaskComparison) -> str:
    """Four decimals for shares like an accuracy, else four significant digits."""
    values = [float(value) for arm in task.arms for value in arm.outcomes.dropna()]
    shares = all(0 <= value <= 1 for value in values) and max(values, default=0) >= 0.01
    return ".4f" if shares else ".4g"


def _rich_table(task: TaskComparison) -> Table:
    table = Table(title=Text(protocol_line(task)), title_justify="left")
    shown = columns(task)
    for column in shown:
        table.add_column(Text(column.heading), justify="right" if column.numeric else "left", overflow="fold")
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _markdown_table(shown: Sequence[Column]) -> str:
    rows = zip(*(column.cells for column in shown), strict=True)
    return markdown.table(
        [escaped(column.heading) for column in shown],
        [[escaped(cell) for cell in row] for row in rows],
        {place for place, column in enumerate(shown) if column.numeric},
    )


def _places(arms: Sequence[Arm]) -> list[str]:
    every = [arm.rank for arm in arms]
    return [DASH if rank is None else f"{rank}=" if every.count(rank) > 1 else str(rank) for rank in every]


def _mean(estimate: Estimate, digits: str) -> str:
    if estimate.n == 0:
        return DASH
    return f"{estimate.mean:{digits}} ± {_number(estimate.half_width, digits)}"


def _difference(arm: Arm, digits: str) -> str:
    difference = arm.difference
    if difference is None:
        return "reference"
    if difference.n == 0:
        return DASH
    low, high = (_number(end, f"+{digits}") for end in (difference.low, difference.high))
    return f"{difference.mean:+{digits}} [{low}, {high}]"


def _steps(steps: StepsToTarget) -> str:
    median = NOT_REACHED if steps.median is None else f"{steps.median:,.10g}"
    return f"{median} ({steps.reached}/{steps.n})"


def _number(value: float, digits: str) -> str:
    return DASH if math.isnan(value) else f"{value:{digits}}"


def _count(numbers: Iterable[int], unit: str) -> str:
    ordered = sorted(numbers)
    if not ordered:
        return ""
    many = f"{ordered[0]:,}" if len(ordered) == 1 else f"{ordered[0]:,}–{ordered[-1]:,}"
    return f"{many} {unit if ordered == [1] else unit + 's'}"


def _ranges(numbers: Sequence[int]) -> str:
    """[0, 1, 2, 5] -> "0–2, 5"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}–{high}" for low, high in spans)


def _at_most(sentences: Sequence[str], most: int) -> list[str]:
    """The first sentences of every kind ("Failed: …"), and how many more there are."""
    kinds: dict[str, list[str]] = {}
    for sentence in sentences:
        kinds.setdefault(sentence.partition(":")[0], []).append(sentence)
    shown = []
    for kind, group in kinds.items():
        shown += group[:most]
        if len(group) > most:
            shown.append(f"{kind}: … and {len(group) - most:,} more, listed in the Markdown file")
    return shown
