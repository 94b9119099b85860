"""A loss that cannot fall further because probabilities are fed to a loss that expects raw outputs."""

from __future__ import annotations

from losslab.look.findings.evidence import Evidence, Finding

SMALLEST_FLOOR = 0.05
NEAR = 0.2
SOURCE = (
    "torch.nn.CrossEntropyLoss expects unnormalized logits, "
    "https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"
)


def loss_at_floor(evidence: Evidence) -> Finding | None:
    """The loss fell 80 % of the way to a floor above zero; its output activation is sigmoid or softmax.

    The floor is measured: the criterion's lowest value for perfect outputs. For softmax before cross-entropy
    it is ln(1 + (K-1)/e) = 1.4612 for K = 10 classes. In a sum of losses every term must have such an
    activation: only then is the origin of the floor certain.
    """
    config = evidence.record.config["loss"]
    activations = {term["output_activation"] for term in config.get("terms") or [config]}
    loss, floor = evidence.curve("train", "loss"), evidence.floor
    if "identity" in activations or floor is None or floor < SMALLEST_FLOOR or len(loss) < 2:
        return None
    activation = " and ".join(sorted(activations))
    start, end = float(loss.iloc[0]), float(loss.iloc[-1])
    if not end - floor <= NEAR * (start - floor):
        return None
    return Finding(
        f"the loss sits at {end:.4f}, near {floor:.4f}: the floor of {activation} before this loss",
        {"loss": end, "floor": floor, "first_loss": start},
        SOURCE,
    )
