"""Squared error plus multiples of two means: an example in articles of a loss with parameters."""

from __future__ import annotations

from torch import Tensor, nn


class MSEMeanTerms(nn.Module):
    """mean((prediction - target)²) + alpha·mean(prediction) + beta·mean(target).

    The second mean has no gradient; the first moves the minimum away from the targets, by -alpha/2.
    Together they may make the loss negative. With alpha = beta = 0 it is torch.nn.MSELoss.
    """

    def __init__(self, alpha: float = 0.1, beta: float = 0.1) -> None:
        super().__init__()
        self.alpha = alpha
        self.beta = beta

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar."""
        squared_error = nn.functional.mse_loss(prediction, target)
        return squared_error + self.alpha * prediction.mean() + self.beta * target.mean()
