"""`Study`: what `losslab.compare` returns."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from losslab.comparison.comparison import compare_runs
from losslab.comparison.result import Comparison
from losslab.judgement.judge import Judgement
from losslab.judgement.rows import Margin
from losslab.judgement.sequential import Stages
from losslab.own_training import pairing
from losslab.own_training.arms import Arm
from losslab.support import markdown


@dataclasses.dataclass(frozen=True)
class Study:
    """Losses compared in the user's own training code.

    Attributes:
        folder: the records; `losslab-report` and `losslab-tensorboard` take it.
        runs: one row per run, see `losslab.records.frame`.
        judgement: every loss against the reference; the result of `losslab.judge`.
        comparison: the same with means, ranks, and what diverged or failed.
        params: the parameters that each loss was tuned to; empty without `tune`.
        pairing: whether the losses shared initial weights and batches, by fingerprints: "same weights and
            batches", "same weights, other batches", "other weights" or "unknown".
    """

    folder: Path
    runs: pd.DataFrame
    judgement: Judgement
    comparison: Comparison
    params: dict[str, dict[str, Any]]
    pairing: str

    @property
    def decisions(self) -> dict[str, str]:
        """Loss -> better, worse, equal or open, against the reference."""
        return {row.arm: row.decision for row in self.judgement.rows}

    def frame(self) -> pd.DataFrame:
        """One row per loss, except the reference, as `losslab.judge` gives it."""
        return self.judgement.frame()

    def sentences(self) -> list[str]:
        """Who is better, by how much, and what a reader must know beside it."""
        notes = [note for task in self.comparison.tasks for note in task.notes]
        return [
            *self.comparison.problems,
            *self.judgement.sentences(),
            *notes,
            *pairing.notes(self.runs),
            *self.comparison.failures,
        ]

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def _repr_markdown_(self) -> str:
        """What a notebook shows: the sentences, then the table."""
        return "\n\n".join([*map(markdown.escaped, self.sentences()), self.judgement.to_markdown()])


def study_of(
    folder: Path,
    runs: pd.DataFrame,
    problems: list[str],
    reference: str,
    margin: Margin | None,
    stages: Stages | None,
    arms: Sequence[Arm],
) -> Study:
    """Judges the runs of one task."""
    comparison = compare_runs(runs, problems, reference, None, margin, stages)
    rows = tuple(arm.judged for arm in comparison.tasks[0].arms if arm.judged is not None)
    params = {arm.name: arm.params for arm in arms if arm.params}
    return Study(folder, runs, Judgement(rows), comparison, params, pairing.pairing(runs))
