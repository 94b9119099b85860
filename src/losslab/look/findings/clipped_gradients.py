"""Clipping at nearly every step: then the limit, not the learning rate, decides the size of a step."""

from __future__ import annotations

from losslab.look.findings.evidence import NOTE, Evidence, Finding

LARGEST_SHARE = 0.9
MOST_ELEMENTS = 0.5
SOURCE = "Zhang et al. 2020, Why gradient clipping accelerates training, arXiv:1905.11881"


def clipped_gradients(evidence: Evidence) -> Finding | None:
    """At 90 % of the measured steps the norm was above the limit, or half of the elements above theirs."""
    clipping = evidence.measured("clipping")
    if "by_norm" in clipping and (share := float(clipping["by_norm"].mean())) >= LARGEST_SHARE:
        factor = float(clipping["norm_factor"].median())
        text = f"the gradient is clipped by norm at {share:.0%} of {len(clipping)} measured steps"
        return Finding(
            f"{text}, to {factor:.2g} of its norm (median)",
            {"share": share, "factor": factor},
            SOURCE,
            NOTE,
        )
    if "by_value_share" in clipping and (share := float(clipping["by_value_share"].mean())) >= MOST_ELEMENTS:
        text = f"{share:.0%} of the gradient's elements are clipped by value"
        return Finding(f"{text}: little more than their signs remains", {"share": share}, SOURCE, NOTE)
    return None
