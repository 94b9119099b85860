"""A claim's runs from the rehearsal to the verdict: both of its stages are sweeps like any other.

What is run and how it is judged is the study's business, see `study.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from losslab.claims.stages import ClaimRun
from losslab.claims.study import Study
from losslab.claims.verdict import Verdict
from losslab.config.settings import RunSettings
from losslab.errors import RunsFailed
from losslab.sweep import plan
from losslab.sweep.conduct import Setup, conduct


def conduct_claim(study: Study, setup: Setup, command: str) -> tuple[Verdict, RunsFailed | None]:
    """Make what the study still lacks in its folder, and judge it.

    Args:
        command: what gives the same verdict again; the verdict names it.

    Returns the verdict, and the error that names the runs that failed. Raises UserError, before anything is
    trained, for what cannot be run.
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
        verdict = study.conduct(stage, command)
    return verdict, failed[0] if failed else None


def _rehearse(study: Study, setup: Setup) -> None:
    """Compose and build one run of every cell, and look for the metrics that the predictions name."""
    build = setup.preflight
    known_metrics: list[set[str]] = []

    def preflight(settings: RunSettings) -> None:
        if build is not None:
            known_metrics.append(set(build(settings).task.kind.metric_names()))

    plan.plan([list(run.overrides) for run in study.rehearsal()], setup.compose, preflight)
    if known_metrics:
        study.check_metrics(known_metrics)
