"""The functions that an article (S4, lines 33 to 88) prints as working code, exactly as it prints them.

What runs them, and what is right instead, is in the checks beside the claims.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, nll_loss


class Relu(nn.Module):
    """Lines 36 to 38."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.max(0, x)  # type: ignore[call-overload]


class Sigmoid(nn.Module):
    """Lines 46 to 48."""

    def forward(self, x: Tensor) -> Tensor:
        return 1 / (1 + torch.exp(-x))


class Tanh(nn.Module):
    """Lines 56 to 58."""

    def forward(self, x: Tensor) -> Tensor:
        return (torch.exp(x) - torch.exp(-x)) / (torch.exp(x) + torch.exp(-x))


class MSE(nn.Module):
    """Lines 66 to 69, with the global number of samples."""

    def forward(self, y_pred: Tensor, y_true: Tensor) -> Tensor:
        return (1 / n) * torch.sum((y_pred - y_true) ** 2)


n = 10


class CrossEntropy(nn.Module):
    """Lines 79 to 83."""

    def forward(self, y_pred: Tensor, y_true: Tensor) -> Tensor:
        log_probs = log_softmax(y_pred, dim=1)
        loss = nll_loss(log_probs, y_true)
        return loss
