"""Gradients that shrink from layer to layer on their way back to the input."""

from __future__ import annotations

import numpy as np
import pandas as pd

from losslab.look.findings.evidence import NOTE, PROBLEM, Evidence, Finding

FEWEST_LAYERS = 3
SMALLEST_RATIO = 1e-3
FIRST_STEPS = 50
SOURCE = (
    "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, "
    "https://proceedings.mlr.press/v9/glorot10a.html"
)


def vanishing_gradients(evidence: Evidence) -> Finding | None:
    """The first layer's gradient norm is below a thousandth of the last layer's, at the start or late.

    Start: the median over measured steps up to 50. Late: over those in the second half of the run. With an
    optimiser that has its own step size for every weight, like Adam, training may recover; then it is a note.
    """
    norms = evidence.measured("gradient_norm").drop(columns="all", errors="ignore")
    norms = norms[np.isfinite(norms.to_numpy()).all(axis=1)]
    if norms.shape[1] < FEWEST_LAYERS:
        return None
    ratios = (norms.iloc[:, 0] / norms.iloc[:, -1])[norms.iloc[:, -1] > 0]
    if ratios.empty:
        return None
    steps = ratios.index.to_numpy()
    start = _median(ratios[steps <= FIRST_STEPS])
    late = _median(ratios[steps > evidence.record.steps / 2])
    if not min(start, late) < SMALLEST_RATIO:
        return None
    ratio = min(start, late)
    numbers = {"ratio": ratio, "start_ratio": start, "late_ratio": late, "layers": norms.shape[1]}
    if ratio == 0:
        return Finding("gradients vanish: no gradient reaches the first layer", numbers, SOURCE)
    factor = ratio ** (-1 / (norms.shape[1] - 1))
    when = f"over the first {FIRST_STEPS} steps" if start <= late else "in the second half of the run"
    text = (
        f"gradients shrink {factor:.2g}× per layer {when}: "
        f"the first layer's norm is {ratio:.1g} of the last's"
    )
    recovered = start < SMALLEST_RATIO <= late
    if recovered:
        text += f", and {late:.1g} of it in the second half of the run"
    return Finding(text, numbers | {"factor": factor}, SOURCE, NOTE if recovered else PROBLEM)


def _median(ratios: pd.Series) -> float:
    """Infinite if nothing was measured, so that it is never the smaller one."""
    return float(ratios.median()) if len(ratios) else float("inf")
