"""A claim as its file would say it, for tests to change."""

from __future__ import annotations

from typing import Any

GOOD: dict[str, Any] = {
    "statement": "B is better.",
    "source": "somebody",
    "arms": {"a": "loss=mse", "b": ["loss=cross_entropy"]},
    "conditions": {"small": "model.hidden=[8]", "large": {"overrides": "model.hidden=[99]"}},
    "tune": {"optimizer.lr": [0.1, 1.0]},
    "stages": 3,
    "first_seed": 0,
    "tuning_seeds": [100],
    "predictions": [
        {
            "says": "x", "why": "y", "role": "core",
            "metric": "accuracy", "arm": "b", "against": "a", "expect": "higher",
        },
        {
            "says": "x", "why": "y", "role": "side", "at": "small",
            "metric": "accuracy", "arm": "b", "against": "b@large", "expect": "lower",
        },
    ],
}  # fmt: skip


def prediction(**keys: Any) -> dict[str, Any]:
    return {"says": "It is so.", "why": "Because.", "role": "core", **keys}
