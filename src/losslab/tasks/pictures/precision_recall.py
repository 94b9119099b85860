"""Precision against recall over all thresholds, for rare positives."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from losslab.tasks.pictures.canvas import figure


def draw(scores: Tensor, targets: Tensor) -> Any:
    """Scores (N,), any that rise with the probability, and targets (N,) of 0 and 1.

    https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    truth, values = targets.numpy(), scores.double().numpy()
    drawn, axes = figure()
    axis = axes[0, 0]
    share = float(truth.mean())
    axis.axhline(share, color="black", linewidth=1, linestyle="--", label=f"share of positives {share:.3f}")
    if truth.any():
        precision, recall, thresholds = precision_recall_curve(truth, values)
        area = average_precision_score(truth, values)
        axis.step(recall, precision, where="post", label=f"average precision {area:.3f}")
        chosen = int((thresholds <= 0).sum())  # raw outputs above 0 count as positive
        axis.plot(recall[chosen], precision[chosen], "o", color="tab:orange", label="decision at 0")
    axis.set(
        xlim=(0, 1.02), ylim=(0, 1.05), xlabel="recall", ylabel="precision", title=f"{len(truth)} predictions"
    )
    axis.legend(loc="lower left")
    return drawn
