"""Predicted against true values, and their residuals."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from losslab.tasks.pictures.canvas import figure


def draw(predicted: Tensor, true: Tensor) -> Any:
    """Values of one shape, in the targets' unit: one point per value (left), the residuals (right)."""
    predicted, true = predicted.flatten(), true.flatten()
    drawn, axes = figure(columns=2, width=9.0, height=4.2)
    left, right = axes[0]
    left.scatter(true.numpy(), predicted.numpy(), s=8, alpha=0.4, linewidths=0)
    ends = [float(true.min()), float(true.max())]
    left.plot(ends, ends, color="black", linewidth=1, label="predicted = true")
    left.set(xlabel="true", ylabel="predicted", title=f"{len(true)} values")
    left.legend(loc="upper left")
    residuals = predicted - true
    right.hist(residuals.numpy(), bins=40)
    right.axvline(0, color="black", linewidth=1)
    right.axvline(
        float(residuals.median()), color="tab:orange", label=f"median {float(residuals.median()):.3g}"
    )
    right.set(xlabel="residual: predicted - true", ylabel="values", title="residuals")
    right.legend()
    return drawn
