"""Whether runs were made alike: what can change a result besides the config, as columns and in sentences.

Otherwise a difference between machines or libraries would look like a difference between arms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from losslab.records.record import Record

_LIBRARIES = ("torchvision", "pytorch-lightning", "torchmetrics", "monai", "numpy", "scikit-learn")
# In the order in which a sentence names them. Not precision: it is in the config, so arms may differ in it.
MUST_AGREE = ("device", "torch", "losslab", "threads", "cuda", *_LIBRARIES)
COLUMNS = (*MUST_AGREE, "precision")


def columns_of(record: Record) -> dict[str, Any]:
    """A value for each of COLUMNS; None if unknown, as for a run that was killed."""
    environment, trainer = record.environment, record.config.get("trainer")
    return {
        "device": environment.device,
        "losslab": environment.losslab,
        "threads": environment.threads,
        "cuda": environment.cuda,
        **{name: environment.packages.get(name) for name in ("torch", *_LIBRARIES)},
        "precision": trainer.get("precision") if isinstance(trainer, dict) else None,
    }


def mixtures(runs: pd.DataFrame) -> list[str]:
    """One sentence per task whose runs differ in a column of MUST_AGREE; unknown values do not count.

    Args:
        runs: of `losslab.records.frame`. Different tasks are never compared, so their runs may differ.
    """
    found = []
    for _, block in runs.groupby("task_identity", sort=False):
        if differing := list(_differing(block)):
            found.append(
                f"Mixed: the runs on {_task(block)} were not made alike: {'; '.join(differing)}. "
                "What differs between arms may come from that."
            )
    return found


def _differing(block: pd.DataFrame) -> Iterator[str]:
    for column in MUST_AGREE:
        counts = block[column].dropna().map(str).value_counts(sort=False)
        if len(counts) > 1:
            parts = (f"{value} ({count} run{'s' * (count > 1)})" for value, count in counts.items())
            yield f"{column} {', '.join(parts)}"


def _task(block: pd.DataFrame) -> str:
    return str(block["choices"].iloc[0].get("task", "one task"))
