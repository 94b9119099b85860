"""A claim as its file would say it, for tests to change."""

from __future__ import annotations

from typing import Any

GOOD: dict[str, Any] = {
    "statement": "B is better.",
    "source": "somebody",
    "arms": {"a": "loss=mse", "b": ["loss=cross_entropy"]},
    "conditions": {"small": "model.hidden=[8]", "large": {"overrides": "model.hidden=[99]"}},
    "tune": {"optimizer.lr": [0.1, 1.0]},
    "seeds": 3,
    "tuning_seeds": [100],
    "predictions": [
        {"says": "x", "why": "y", "metric": "accuracy", "arm": "b", "against": "a", "at_least": 0.01},
        {"says": "x", "why": "y", "metric": "accuracy", "arm": "b@small", "against": "b@large", "at_most": 0},
    ],
}
