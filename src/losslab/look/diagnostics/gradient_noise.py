"""How much the gradients of mini-batches disagree: the gradient noise scale and the signal-to-noise ratio.

McCandlish et al. 2018, "An Empirical Model of Large-Batch Training", arXiv:1812.06162, equation 2.8.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.watcher import Training


class GradientNoise(Diagnostic):
    """Scalars `gradient_noise/scale` and `gradient_noise/signal_to_noise`, from a few consecutive steps.

    With gradients g_1 ... g_k of `window` consecutive mini-batches of size B, their mean m and the sum V of
    their elements' variances, both unbiased: |G|² = |m|² - V/k estimates the squared norm of the whole
    data's gradient, and B·V that of one sample's noise.

    - signal_to_noise = |G|² / V: of one mini-batch's gradient; below 1 the noise is larger than the signal.
    - scale = B·V / |G|² samples: the batch size at which the two are equal, the paper's simple noise scale.

    Both assume that the weights hardly move within the window. Nothing is written if the noise leaves no
    estimate of the signal (|G|² ≤ 0).
    """

    def __init__(self, every_n_steps: int, window: int = 8) -> None:
        super().__init__(every_n_steps)
        self.window = min(window, every_n_steps)
        self._count = 0
        self._mean: list[Tensor] = []
        self._squares = torch.zeros(())

    def state_dict(self) -> dict[str, Any]:
        """The state of the current window: a checkpoint may fall into it."""
        return {"count": self._count, "mean": self._mean, "squares": self._squares} if self._mean else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._count, self._mean = state["count"], list(state["mean"])
        self._squares = state["squares"]

    def is_due(self, step: int) -> bool:
        return self.window > 1 and (step - 1) % self.every_n_steps < self.window

    def after_backward(self, training: Training, step: int) -> None:
        gradients = [
            parameter.grad for parameter in training.network.parameters() if parameter.grad is not None
        ]
        if not gradients:
            return
        if (step - 1) % self.every_n_steps == 0:
            self._mean = [torch.zeros_like(gradient) for gradient in gradients]
            self._squares = torch.zeros((), device=gradients[0].device)
            self._count = 0
        elif self._count != (step - 1) % self.every_n_steps:
            return  # a window whose first step was not measured
        self._count += 1
        # Welford's running mean and sum of squared deviations
        for mean, gradient in zip(self._mean, gradients, strict=True):
            deviation = gradient - mean
            mean += deviation / self._count
            self._squares += (deviation * (gradient - mean)).sum()
        if self._count == self.window:
            self._write(training, step)

    def _write(self, training: Training, step: int) -> None:
        squared_norm = torch.stack([mean.square().sum() for mean in self._mean]).sum()
        mean_square, squares = torch.stack([squared_norm, self._squares]).tolist()
        self._mean = []
        signal, variance = noise_and_signal(mean_square, squares, self.window)
        if signal > 0 and variance > 0:
            batch_size = training.settings.batch_size
            values = {"signal_to_noise": signal / variance, "scale": batch_size * variance / signal}
            training.logbook.measure(step, "gradient_noise", values)


def noise_and_signal(mean_square: float, squares: float, count: int) -> tuple[float, float]:
    """Unbiased (|G|², V) from |m|², the sum of squared deviations from m, and the number of gradients."""
    variance = squares / (count - 1)
    return mean_square - variance / count, variance
