"""Predictions that mean nothing, or that no run could decide: refused before anything is trained.

Names and types are checked in `parse.py`; this file needs the settings of the runs.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping

from losslab.claims import measures
from losslab.claims.rows import Need, needed
from losslab.claims.samples import Slot, slots
from losslab.claims.schema import Claim
from losslab.claims.stages import Cell
from losslab.config.settings import RunSettings
from losslab.errors import UserError
from losslab.judgement.decidable import ShareBound, ratio_of_steps_decidable


@dataclasses.dataclass(frozen=True)
class Budget:
    """Optimiser steps of a run, and of the interval between its evaluations."""

    steps: int
    eval_every: int


def check_losses(claim: Claim, settings: Mapping[Cell, RunSettings], where: str) -> None:
    """Raises UserError if a prediction compares values of different losses, which are different quantities.

    Args:
        settings: of one run of each cell.
        where: what to name in an error: the file.
    """
    for key, slot, _ in _of_runs(claim, where):
        if measures.is_of_the_loss(str(slot.prediction.metric)) and len(slot.cells) == 2:
            first, second = slot.cells
            if settings[first].loss != settings[second].loss:
                raise UserError(
                    f"{key}.metric: {slot.prediction.metric} is made of the loss's own values, and "
                    f"{first.arm} and {second.arm} have different losses: compare a metric of the "
                    "task, or arms with the same loss"
                )


def check_steps(claim: Claim, budgets: Mapping[Cell, Budget], where: str) -> None:
    """Raises UserError if a ratio of steps to a target can never be decided within the steps of a run."""
    for key, slot, need in _of_runs(claim, where):
        if slot.prediction.metric != measures.STEPS or len(slot.cells) != 2 or slot.cells[0] not in budgets:
            continue
        budget = budgets[slot.cells[0]]
        low, high = (None if end is None else math.exp(end) for end in (need.low, need.high))
        if not ratio_of_steps_decidable(low, high, budget.steps, budget.eval_every):
            largest = budget.steps / budget.eval_every
            raise UserError(
                f"{key}: {slot.label} can never be decided: with {budget.steps} steps and an evaluation "
                f"every {budget.eval_every}, ratios lie between {1 / largest:.3g} and {largest:.3g}; train "
                "longer or evaluate more often"
            )


def check_shares(claim: Claim, where: str) -> None:
    """Raises UserError if the seeds are too few to decide about a share, whatever the runs give."""
    seeds = claim.stages[-1]
    for key, slot, need in _of_runs(claim, where):
        if not measures.is_share(slot.prediction.metric):
            continue
        bound = ShareBound(need.low, need.high, claim.plan.level(seeds), paired=len(slot.cells) == 2)
        if not bound.decidable(seeds):
            fewest = bound.fewest_seeds()
            raise UserError(
                f"{key}: no outcome of {seeds} seeds can both confirm and refute this bound on a share: "
                + (f"give at least {fewest} seeds" if fewest else "change the bound")
            )


def _of_runs(claim: Claim, where: str) -> Iterator[tuple[str, Slot, Need]]:
    for place, prediction in enumerate(claim.predictions):
        if prediction.metric is not None:
            for slot in slots(claim, prediction):
                yield f"{where}: claim.predictions.{place}", slot, needed(claim, prediction)
