"""The comparison in TensorBoard: the log `comparison` beside the runs, with one log per arm below it.

- Custom Scalars: mean of each arm's runs with its band, and all runs in one chart.
- Images: final metric and validation curves of all arms, reliability, gradient norms by layer, mean ranks
  over tasks.
- Text: the comparison's table, and how many runs of each arm have which finding.

All of it follows from records, curves.csv and diagnostics.csv; it is written anew each time.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from losslab.comparison.result import Arm, Comparison, TaskComparison
from losslab.look import findings
from losslab.look._tensorboard import quiet_writer_threads
from losslab.look.measurements import load_measurements
from losslab.report.comparison.documents import as_markdown
from losslab.report.comparison.figures import read_curves
from losslab.report.comparison.layer_figure import draw_gradient_norms
from losslab.report.comparison.looks import Look, looks_of
from losslab.report.comparison.reliability_figure import draw_reliability
from losslab.report.event_log import EventLog
from losslab.report.rank_figure import draw_ranks
from losslab.support.markdown import escaped, table

FOLDER = "comparison"
EVENTS = "events.out.tfevents.*"
LONGEST_NAME = 80
# Quantities of all runs in one chart, if some run has them: (quantity, layer) -> chart's title.
OVERLAYS = {
    ("gradient_norm", "layer_1"): "gradient norm of the first layer",
    ("gradient_norm", "all"): "gradient norm of all parameters",
    ("update_ratio", "layer_1"): "update of the first layer, relative",
    ("activation_dead_share", "layer_1"): "dead units of the first layer, share",
    ("activation_saturated_share", "layer_1"): "saturated outputs of the first layer, share",
    ("gradient_noise", "signal_to_noise"): "signal to noise of the gradient",
}


@quiet_writer_threads()
def write_tensorboard(comparison: Comparison, folder: Path, picture: Path | None = None) -> Path:
    """Writes the log into `folder`/comparison in place of an earlier one; returns that folder.

    Args:
        picture: final metrics and validation curves as PNG, shown among the images.
    """
    log = folder / FOLDER
    _remove_events(log)
    names, looks = log_names(comparison), looks_of(comparison)
    for place, task in enumerate(comparison.tasks):
        for arm in task.arms:
            _write_arm(log / names[place, arm.label], task, arm)
    with EventLog(log) as writer:
        writer.add_custom_scalars(_layout(comparison))
        writer.add_text("comparison", as_markdown(comparison))
        writer.add_text("findings", findings_table(comparison))
        if picture is not None:
            writer.add_image("comparison", picture.read_bytes())
        if comparison.overall:
            writer.add_figure("mean_ranks", draw_ranks(comparison.overall, "task"))
        for number, task in enumerate(comparison.tasks, start=1):
            suffix = f"/task_{number}" if len(comparison.tasks) > 1 else ""
            reliability = draw_reliability([task], looks)
            if reliability is not None:
                writer.add_figure(f"reliability{suffix}", reliability)
            norms = draw_gradient_norms(task, looks)
            if norms is not None:
                writer.add_figure(f"gradient_norms{suffix}", norms)
    return log


def log_names(comparison: Comparison) -> dict[tuple[int, str], str]:
    """(place of the task, arm's label) -> folder name: readable, harmless on disk, and all different."""
    chosen: dict[tuple[int, str], str] = {}
    for place, task in enumerate(comparison.tasks):
        for arm in task.arms:
            label = arm.label if len(comparison.tasks) == 1 else f"{task.task}, {arm.label}"
            readable = re.sub(r"[^A-Za-z0-9_.=,+-]+", "_", label.replace(", ", ",")).strip("._")
            name = readable[:LONGEST_NAME] or "arm"
            if name in chosen.values():
                name = f"{name}-{task.task_identity[:6]}{arm.arm_identity[:6]}"
            chosen[place, arm.label] = name
    return chosen


def findings_table(comparison: Comparison) -> str:
    """Markdown: how many runs of each arm have which finding, and the first one's words."""
    rows = []
    for task in comparison.tasks:
        for arm in task.arms:
            counts: Counter[str] = Counter()
            first: dict[str, str] = {}
            for finding in (each for found in arm.runs["findings"] for each in found):
                counts[finding["rule"]] += 1
                first.setdefault(finding["rule"], finding["text"])
            for rule, count in counts.items():
                of_all = f"{count} of {len(arm.runs)}"
                cells = [task.task, arm.label, findings.title(rule), of_all, first[rule]]
                rows.append([escaped(cell) for cell in cells])
    return table(["task", "arm", "finding", "runs", "the first says"], rows, {3}) or "No run has a finding."


def _write_arm(log: Path, task: TaskComparison, arm: Arm) -> None:
    table = read_curves(arm, task, Look("", "")).table
    if table.empty:
        return
    rows = zip(table.index, table.mean(axis=1), table.min(axis=1), table.max(axis=1), strict=True)
    with EventLog(log) as writer:
        for step, mean, low, high in rows:
            for tag, value in zip(_band_tags(task), (mean, low, high), strict=True):
                writer.add_scalar(tag, value, int(step))


def _band_tags(task: TaskComparison) -> list[str]:
    """Mean, lowest and highest over an arm's finished runs, on validation data."""
    return [f"{task.metric}_over_seeds/{part}" for part in ("mean", "lowest", "highest")]


def _layout(comparison: Comparison) -> dict[str, dict[str, list[object]]]:
    metrics = dict.fromkeys(task.metric for task in comparison.tasks)
    bands: dict[str, list[object]] = {
        f"validation {task.metric}: mean over seeds, band from lowest to highest": [
            "Margin",
            _band_tags(task),
        ]
        for task in comparison.tasks
    }
    runs: dict[str, list[object]] = {
        f"validation {metric}": ["Multiline", [f"{re.escape(metric)}/validation"]] for metric in metrics
    }
    runs["training loss of each batch"] = ["Multiline", ["batch_loss/train"]]
    measured = _measured(comparison)
    for key, title in OVERLAYS.items():
        if key in measured:
            runs[title] = ["Multiline", ["/".join(key)]]  # a regular expression without special characters
    return {"arms": bands, "runs": runs}


def _measured(comparison: Comparison) -> set[tuple[str, str]]:
    """(quantity, layer) of what the diagnostics measured in some arm's first run."""
    found: set[tuple[str, str]] = set()
    for task in comparison.tasks:
        for arm in task.arms:
            table = load_measurements(Path(arm.runs["folder"].iloc[0]))
            found |= set(zip(table["quantity"], table["layer"], strict=True))
    return found


def _remove_events(log: Path) -> None:
    """An earlier comparison's events, and the folders that are empty then; nothing else."""
    for path in log.rglob(EVENTS):
        path.unlink(missing_ok=True)
    for path in sorted((path for path in log.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
