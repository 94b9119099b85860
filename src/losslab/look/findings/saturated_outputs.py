"""Confident mistakes that get less gradient than the rest: the loss cannot correct them."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding

LARGEST_SHARE = 0.05
LARGEST_GRADIENT = 0.5
LAST_LOOKS = 5
SOURCE = (
    "Golik, Doetsch and Ney 2013, Cross-entropy vs. squared error training, "
    "https://www.isca-archive.org/interspeech_2013/golik13_interspeech.html"
)


def saturated_outputs(evidence: Evidence) -> Finding | None:
    """Late in the run at least 5 % of the samples are confidently wrong and get little gradient.

    Little means less than half of the largest of any sample. With cross-entropy theirs is nearly the largest.
    """
    outputs = evidence.measured("output")
    if "confidently_wrong_gradient" not in outputs:
        return None
    last = outputs.iloc[-LAST_LOOKS:]
    share = float(last["confidently_wrong_share"].mean())
    gradient = float(last["confidently_wrong_gradient"].mean())
    if not (share >= LARGEST_SHARE and gradient < LARGEST_GRADIENT):
        return None
    return Finding(
        f"{share:.0%} of the training samples are confidently wrong (a probability is off by 0.95 or more) "
        f"and get only {gradient:.2g} of the largest sample's gradient: "
        "the saturated output activation suppresses the gradient",
        {"share": share, "relative_gradient": gradient},
        SOURCE,
    )
