"""Predictions that mean nothing, or that no run could decide: refused before anything is trained.

Names and types are checked in `schema.py`; this file needs the settings of the runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from losslab.claims import measures
from losslab.claims.judge import margin_in_words
from losslab.claims.schema import Claim, Prediction, split_reference
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
    for key, prediction in _keyed(claim, where):
        if not measures.is_of_the_loss(str(prediction.metric)):
            continue
        for first, second in _pairs(claim, prediction):
            if second is not None and settings[first].loss != settings[second].loss:
                raise UserError(
                    f"{key}.metric: {prediction.metric} is made of the loss's own values, and {first.arm} "
                    f"and {second.arm} have different losses: compare a metric of the task, or arms with "
                    "the same loss"
                )


def check_steps(claim: Claim, budgets: Mapping[Cell, Budget], where: str) -> None:
    """Raises UserError if a ratio of steps to a target can never be decided within the steps of a run."""
    for key, prediction in _keyed(claim, where):
        if prediction.metric != measures.STEPS or not prediction.ratio:
            continue
        for first, second in _pairs(claim, prediction):
            if second is None or first not in budgets:
                continue
            budget = budgets[first]
            if not ratio_of_steps_decidable(*prediction.margins, budget.steps, budget.eval_every):
                largest = budget.steps / budget.eval_every
                raise UserError(
                    f"{key}: {margin_in_words(prediction)} can never be decided: with {budget.steps} steps "
                    f"and an evaluation every {budget.eval_every}, ratios lie between {1 / largest:.3g} and "
                    f"{largest:.3g}; train longer, evaluate more often or change the margin"
                )


def check_shares(claim: Claim, seeds: int, level: float, where: str) -> None:
    """Raises UserError if the seeds are too few to decide about a share, whatever the runs give.

    Args:
        seeds: the most that are run.
        level: two-sided level at which they are judged.
    """
    for key, prediction in _keyed(claim, where):
        if not measures.is_share(prediction.metric):
            continue
        bound = ShareBound(*prediction.margins, level=level, paired=bool(prediction.against))
        if not bound.decidable(seeds):
            fewest = bound.fewest_seeds()
            remedy = f"give at least {fewest} seeds" if fewest else "change the margin"
            raise UserError(
                f"{key}: no outcome of {seeds} seeds can both confirm and refute that the share is "
                f"{margin_in_words(prediction)}: {remedy}"
            )


def _keyed(claim: Claim, where: str) -> Iterator[tuple[str, Prediction]]:
    for place, prediction in enumerate(claim.predictions):
        if prediction.metric is not None:
            yield f"{where}: claim.predictions.{place}", prediction


def _pairs(claim: Claim, prediction: Prediction) -> Iterator[tuple[Cell, Cell | None]]:
    """Each cell that the prediction is about, with the one that it is compared with."""
    for condition in prediction.at or claim.condition_names:
        for arm in prediction.arm:
            first = _cell(arm, condition)
            if not prediction.against:
                yield first, None
            for other in prediction.against:
                yield first, _cell(other, condition)


def _cell(reference: str, condition: str) -> Cell:
    arm, own = split_reference(reference)
    return Cell(own or condition, arm)
