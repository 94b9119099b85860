"""F1 of both losses of the claim with thresholds that were chosen on validation data, which suits neither."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network
from losslab.tasks.sources.pairs import pairs
from losslab.tasks.sources.scikit_learn import digits

_RATE = 3e-3
_THRESHOLDS = 50


def measure(quick: bool) -> CheckResult:
    """Pairs of scikit-learn's digits, full batches of Adam; 5 seeds from 0 (quick) or 10 from 200."""
    raw = pairs(digits(), apart=4, shift=1, seed=0)
    assert raw.inputs is not None
    inputs, labels = 2 * raw.inputs - 1, raw.targets.float()
    steps = 100 if quick else 300
    order = torch.randperm(len(raw), generator=torch.Generator().manual_seed(0))
    parts = order.split([len(raw) // 2, len(raw) // 4, len(raw) - len(raw) // 2 - len(raw) // 4])
    found: dict[str, list[float]] = {}
    for name, loss, targets in (
        ("bce_with_logits", functional.binary_cross_entropy_with_logits, labels),
        ("cross_entropy", functional.cross_entropy, labels / 2),  # both labels share the probability
    ):
        found[name] = []
        for seed in range(5) if quick else range(200, 210):
            model = network("mlp", "relu", tuple(inputs.shape[1:]), labels.shape[1], seed, hidden=[128])
            optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
            for _ in range(steps):
                optimizer.zero_grad()
                loss(model(inputs[parts[0]]), targets[parts[0]]).backward()
                optimizer.step()
            with torch.no_grad():
                logits = model(inputs)
            threshold = _best_threshold(logits[parts[1]], labels[parts[1]])
            found[name].append(_micro_f1(logits[parts[2]], labels[parts[2]], threshold))
    pairs_of_seeds = zip(found["bce_with_logits"], found["cross_entropy"], strict=True)
    return CheckResult(
        quantities={"f1_gain_at_tuned_thresholds": [first - second for first, second in pairs_of_seeds]},
        tables=[
            Table(
                "Test micro F1, at the threshold that is best on validation data",
                ["loss", *(f"run {number}" for number in range(len(found["cross_entropy"])))],
                [[name, *values] for name, values in found.items()],
            )
        ],
        notes=["One threshold of the logits for all classes; the learning rate is the same for both losses."],
    )


def _best_threshold(logits: Tensor, labels: Tensor) -> float:
    """Among evenly spaced quantiles of the logits."""
    candidates = logits.flatten().quantile(torch.linspace(0.01, 0.99, _THRESHOLDS)).tolist()
    return float(max(candidates, key=lambda threshold: _micro_f1(logits, labels, threshold)))


def _micro_f1(logits: Tensor, labels: Tensor, threshold: float) -> float:
    predicted = (logits > threshold).float()
    hits = float((predicted * labels).sum())
    return 2 * hits / float(predicted.sum() + labels.sum())
