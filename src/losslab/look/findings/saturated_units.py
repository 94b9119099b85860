"""Sigmoid or tanh units close to their bounds, where their derivative is almost zero."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding, counted

LARGEST_SHARE = 0.7
SOURCE = (
    "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks, "
    "https://proceedings.mlr.press/v9/glorot10a.html"
)


def saturated_units(evidence: Evidence) -> Finding | None:
    """In some layer at least 70 % of the outputs lie within 5 % of a bound of the activation.

    Over all validation data if the training finished, else in the last measured mini-batch.
    """
    shares = evidence.measured("validation_saturated_share")
    if shares.empty:
        shares = evidence.measured("activation_saturated_share")
    if shares.empty:
        return None
    last = shares.iloc[-1].dropna()
    bad = last[last >= LARGEST_SHARE]
    if bad.empty:
        return None
    worst = counted([bad.idxmax()])
    text = f"{bad.max():.0%} of the outputs of {worst} lie within 5 % of a bound of its activation"
    if len(bad) > 1:
        text += f"; {LARGEST_SHARE:.0%} or more in {counted(bad.index)}"
    return Finding(text, {str(layer): float(share) for layer, share in bad.items()}, SOURCE)
