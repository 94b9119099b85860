"""Units that output zero for every input, so that no gradient reaches their weights."""

from __future__ import annotations

from losslab.look.findings.evidence import NOTE, PROBLEM, Evidence, Finding, counted

LARGEST_SHARE = 0.2
PROBLEM_SHARE = 0.5
SOURCE = "Lu et al. 2019, Dying ReLU and Initialization: Theory and Numerical Examples, arXiv:1903.06733"


def dead_units(evidence: Evidence) -> Finding | None:
    """In some layer at least a fifth of the units are zero for every sample; a problem if at least half are.

    Over all validation data if the training finished, else in the last measured mini-batch.
    """
    shares, where = evidence.measured("validation_dead_share"), "for any validation sample"
    if shares.empty:
        shares, where = (
            evidence.measured("activation_dead_share"),
            "for every sample of the last measured mini-batch",
        )
    if shares.empty:
        return None
    last = shares.iloc[-1].dropna()
    bad = last[last >= LARGEST_SHARE]
    if bad.empty:
        return None
    worst = str(bad.idxmax())
    text = f"{bad.max():.0%} of the units of {counted([worst])} are 0 {where}"
    if len(bad) > 1:
        text += f"; {LARGEST_SHARE:.0%} or more in {counted(bad.index)}"
    severity = PROBLEM if bad.max() >= PROBLEM_SHARE else NOTE
    return Finding(text, {str(layer): float(share) for layer, share in bad.items()}, SOURCE, severity)
