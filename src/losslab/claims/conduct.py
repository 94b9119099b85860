"""A claim's runs from the rehearsal to the verdict: its tuning and reported runs are sweeps like any other.

`study.py` decides what is run and how it is judged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from losslab.claims import refusals
from losslab.claims.stages import ClaimRun
from losslab.claims.study import Study
from losslab.claims.verdict import Verdict
from losslab.config.identity import identities
from losslab.config.settings import RunSettings
from losslab.errors import RunsFailed
from losslab.sweep import plan
from losslab.sweep.conduct import Setup, conduct


def conduct_claim(study: Study, setup: Setup, command: str) -> tuple[Verdict, RunsFailed | None]:
    """Makes the runs that the study still lacks in its folder, and judges it.

    Args:
        command: the command that repeats the verdict, which names it.

    Returns the verdict, and the error that names the failed runs. Raises UserError, before any training, if
    something cannot be run.
    """
    _rehearse(study, setup)
    for_stages = dataclasses.replace(setup, preflight=None)  # every arm was built a moment ago
    failed: list[RunsFailed] = []

    def stage(name: str, runs: Sequence[ClaimRun]) -> dict[ClaimRun, Path]:
        below = study.folder / name
        conducted = conduct(
            [list(run.overrides) for run in runs], below, for_stages, names=[run.name for run in runs]
        )
        if conducted.failed:
            failed.append(conducted.failed)
        return {run: below / made.folder for run, made in zip(runs, conducted.runs, strict=True)}

    with plan.locked(study.folder):
        verdict = study.conduct(
            stage,
            command,
            lambda line: setup.console.print(line, highlight=False, markup=False, soft_wrap=True),
        )
    return verdict, failed[-1] if failed else None


def _rehearse(study: Study, setup: Setup) -> None:
    """Composes and builds one run of every cell; refuses predictions that those runs could not decide."""
    build = setup.preflight
    known_metrics: list[set[str]] = []
    budgets: dict[str, refusals.Budget] = {}

    def preflight(settings: RunSettings) -> None:
        if build is not None:
            # Both need torch, and a wrong override is refused without waiting for it.
            from losslab.look.evaluations import of_task
            from losslab.train.trainer import steps_per_epoch

            task = build(settings).task
            known_metrics.append(set(task.kind.metric_names()))
            steps = steps_per_epoch(settings, task) * settings.trainer.max_epochs
            arm = identities(settings)["arm_identity"]
            budgets[arm] = refusals.Budget(steps, of_task(settings.trainer, task).every)

    rehearsed = study.rehearsal()
    planned = plan.plan([list(run.overrides) for run in rehearsed], setup.compose, preflight)
    if known_metrics:
        study.check_metrics(known_metrics)
    by_cell = dict(zip((run.cell for run in rehearsed), planned, strict=True))
    settings = {cell: run.settings for cell, run in by_cell.items() if run.settings is not None}
    refusals.check_losses(study.claim, settings, study.where)
    if not study.quick:  # a quick try decides little, and says so
        known = {cell: run.arm_identity for cell, run in by_cell.items() if run.arm_identity in budgets}
        refusals.check_steps(study.claim, {cell: budgets[arm] for cell, arm in known.items()}, study.where)
        refusals.check_shares(study.claim, study.where)
