"""Steps that move the weights far too much or next to nothing."""

from __future__ import annotations

import numpy as np

from losslab.look.findings.evidence import Evidence, Finding, counted

SMALLEST, LARGEST = 1e-6, 0.1
SOURCE = "CS231n, Ratio of weights:updates (about 1e-3), https://cs231n.github.io/neural-networks-3/#ratio"


def update_size(evidence: Evidence) -> Finding | None:
    """In the median over looks, a step moves some layer by a tenth of its size, or none by a millionth."""
    ratios = evidence.measured("update_ratio")
    ratios = ratios[np.isfinite(ratios.to_numpy()).all(axis=1)]
    if ratios.empty:
        return None
    medians = ratios.median()
    layer, largest = str(medians.idxmax()), float(medians.max())
    numbers = {"ratio": largest, "looks": len(ratios)}
    if largest >= LARGEST:
        text = f"a step moves the weights of {counted([layer])} by {largest:.2g}× their size"
        return Finding(f"{text}, 0.001× being usual: the learning rate is too high for it", numbers, SOURCE)
    if largest == 0:
        return Finding("at most looks the step moved no weight at all: nothing is learned", numbers, SOURCE)
    if largest <= SMALLEST:
        text = f"a step moves no layer's weights by more than {largest:.1g} of their size"
        return Finding(f"{text}, 1e-3 being usual: hardly anything is learned", numbers, SOURCE)
    return None
