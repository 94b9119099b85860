"""Steps that move the weights far too much or hardly at all."""

from __future__ import annotations

import numpy as np

from losslab.look.findings.evidence import Evidence, Finding, counted

SMALLEST, LARGEST = 1e-6, 0.1
SOURCE = "CS231n, Ratio of weights:updates (about 1e-3), https://cs231n.github.io/neural-networks-3/#ratio"


def update_size(evidence: Evidence) -> Finding | None:
    """The median step moves some layer by a tenth of its size, or no layer by more than a millionth."""
    ratios = evidence.measured("update_ratio")
    ratios = ratios[np.isfinite(ratios.to_numpy()).all(axis=1)]
    if ratios.empty:
        return None
    medians = ratios.median()
    layer, largest = str(medians.idxmax()), float(medians.max())
    numbers = {"ratio": largest, "looks": len(ratios)}
    if largest >= LARGEST:
        text = f"a step moves the weights of {counted([layer])} by {largest:.2g}× their size"
        return Finding(f"{text}, while 0.001× is usual: the learning rate is too high", numbers, SOURCE)
    if largest == 0:
        return Finding("at most of the measured steps no weight moved: nothing is learned", numbers, SOURCE)
    if largest <= SMALLEST:
        text = f"a step moves no layer's weights by more than {largest:.1g} of their size"
        return Finding(f"{text}, while 1e-3 is usual: the network learns hardly anything", numbers, SOURCE)
    return None
