"""Precision against recall over all thresholds, for rare positives."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

from losslab.tasks.pictures.canvas import BLUE, ORANGE, Axes, Canvas


def draw(scores: Tensor, targets: Tensor) -> Image.Image:
    """Scores (N,), any that rise with the probability, and targets (N,) of 0 and 1.

    https://scikit-learn.org/stable/modules/generated/sklearn.metrics.precision_recall_curve.html
    """
    from sklearn.metrics import average_precision_score, precision_recall_curve

    truth, values = targets.numpy(), scores.double().numpy()
    canvas = Canvas(400, 360)
    labels = ("recall", "precision")
    axes = Axes(
        canvas, (60, 30, 385, 310), (0, 1.02), (0, 1.05), labels=labels, title=f"{len(truth)} predictions"
    )
    share = float(truth.mean())
    axes.line([0, 1.02], [share, share], label=f"share of positives {share:.3f}")
    if truth.any():
        precision, recall, thresholds = precision_recall_curve(truth, values)
        area = average_precision_score(truth, values)
        # the precision holds from the recall before it, as in step(where="post")
        xs, ys = np.repeat(recall, 2)[1:], np.repeat(precision, 2)[:-1]
        axes.line(xs, ys, BLUE, f"average precision {area:.3f}", width=2)
        chosen = int((thresholds <= 0).sum())  # raw outputs above 0 count as positive
        axes.points(recall[chosen : chosen + 1], precision[chosen : chosen + 1], ORANGE, "decision at 0", 4)
    axes.legend("lower left")
    return canvas.image
