"""Units that give zero whatever the input: no gradient reaches their weights any more."""

from __future__ import annotations

from losslab.look.findings.evidence import NOTE, PROBLEM, Evidence, Finding, counted

LARGEST_SHARE = 0.2
PROBLEM_SHARE = 0.5
SOURCE = "Lu et al. 2019, Dying ReLU and Initialization: Theory and Numerical Examples, arXiv:1903.06733"


def dead_units(evidence: Evidence) -> Finding | None:
    """In some layer a fifth of the units or more is zero for every sample; a problem from half of them on.

    Of all validation data where training came to its end, else of the last mini-batch looked at.
    """
    shares, where = evidence.measured("validation_dead_share"), "for any validation sample"
    if shares.empty:
        shares, where = (
            evidence.measured("activation_dead_share"),
            "in the last mini-batch that was looked at",
        )
    if shares.empty:
        return None
    last = shares.iloc[-1].dropna()
    bad = last[last >= LARGEST_SHARE]
    if bad.empty:
        return None
    worst = str(bad.idxmax())
    text = f"{bad.max():.0%} of the units of {counted([worst])} never fire {where}"
    if len(bad) > 1:
        text += f"; {LARGEST_SHARE:.0%} or more in {counted(bad.index)}"
    severity = PROBLEM if bad.max() >= PROBLEM_SHARE else NOTE
    return Finding(text, {str(layer): float(share) for layer, share in bad.items()}, SOURCE, severity)
