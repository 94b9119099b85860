"""torch's global settings, changed while a run was built or trained; losslab puts them back after it."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding

SOURCE = "https://docs.pytorch.org/docs/stable/torch.html"


def changed_settings(evidence: Evidence) -> Finding | None:
    """Any setting differs: other arms are computed without it, so the comparison is not like with like."""
    if not evidence.changed_settings:
        return None
    return Finding(
        f"the loss, the network or a diagnostic changed torch's {', '.join(evidence.changed_settings)}: "
        "this run was partly computed that way, other runs are not",
        {"settings": len(evidence.changed_settings)},
        SOURCE,
    )
