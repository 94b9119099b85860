"""Smoothness of a predicted mask: how much neighbouring predictions differ."""

from __future__ import annotations

from torch import Tensor, nn


class Smoothness(nn.Module):
    """Mean absolute difference of neighbours along height plus that along width; ignores the target.

    Anisotropic total variation (Rudin, Osher and Fatemi 1992, https://doi.org/10.1016/0167-2789(92)90242-F),
    averaged. A direction in which the mask is one pixel wide has no neighbours and contributes nothing.
    """

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Predictions (N, C, H, W) to a scalar."""
        if prediction.ndim != 4:
            raise ValueError(
                f"smoothness needs predictions (N, C, H, W), not of shape {tuple(prediction.shape)}"
            )
        total = prediction.new_zeros(())
        for axis in (2, 3):
            if prediction.shape[axis] > 1:
                total = total + prediction.diff(dim=axis).abs().mean()
        return total
