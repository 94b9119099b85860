"""The margin of each metric: the smallest difference that matters, the same for all claims.

A claim cannot choose a margin that suits its numbers. It may only say that it takes the double ("far",
"clearly", "significantly"), and give a margin for a metric that this table lacks.
"""

from __future__ import annotations

from collections.abc import Mapping

from losslab.judgement.rows import Margin

SHARE = Margin(0.10)
SCORE = Margin(0.01)
OVERLAP = Margin(0.02)  # of masks
ERROR = Margin(0.05, ratio=True)
STEPS = Margin(0.25, ratio=True)

MARGINS: Mapping[str, Margin] = {
    "accuracy": SCORE,
    "balanced_accuracy": SCORE,
    "exact_match": SCORE,
    "f1": SCORE,
    "macro_f1": SCORE,
    "micro_f1": SCORE,
    "mean_average_precision": SCORE,
    "auprc": SCORE,
    "brier_score": SCORE,
    "precision": SCORE,
    "recall": SCORE,
    "recall_per_class": SCORE,
    "expected_calibration_error": SCORE,
    "iou": OVERLAP,
    "dice": OVERLAP,
    "boundary_f1": OVERLAP,
    "rmse": ERROR,
    "mae": ERROR,
    "steps_to_target": STEPS,
    "weight_norm": ERROR,
    "total_variation": ERROR,
    "diverged": SHARE,
    "collapsed": SHARE,
    "dead_share": SHARE,
}

# Metrics that `tune_by` may name, by what is better.
SCORES = (
    "accuracy",
    "balanced_accuracy",
    "exact_match",
    "f1",
    "macro_f1",
    "micro_f1",
    "mean_average_precision",
    "auprc",
    "precision",
    "recall",
    "iou",
    "dice",
    "boundary_f1",
)
ERRORS = ("rmse", "mae", "brier_score", "expected_calibration_error")


def margin_of(metric: str, own: Mapping[str, Margin] | None = None) -> Margin | None:
    """The margin of a metric or measure; None if there is none.

    Args:
        metric: as a prediction names it: `mae`, `train.mae`, `recall_per_class.8`.
        own: margins of the claim's file, for metrics that the table lacks.
    """
    known = {**(own or {}), **MARGINS}
    parts = [part for part in metric.split(".") if part in known]
    return known[parts[0]] if parts else None


def doubled(margin: Margin) -> Margin:
    """Twice the difference: 0.02 for 0.01, 10 % for 5 %."""
    return Margin(2 * margin.size, margin.ratio)
