"""Focal Tversky loss: Tversky to a power, for small structures."""

from __future__ import annotations

from monai.losses import TverskyLoss
from torch import Tensor, nn

from losslab.losses.reduction import check_reduction, reduce


class FocalTversky(nn.Module):
    """(1 - TI)^(1/γ), where TI = TP / (TP + α·FP + β·FN) of each image.

    Abraham and Khan 2018, https://arxiv.org/abs/1810.07842 (their α weighs the false negatives; here, as in
    MONAI and in Salehi et al. 2017, arXiv:1706.05721, α weighs the false positives, β the false negatives).

    Args:
        alpha: weight of false positives.
        beta: weight of false negatives.
        gamma: γ, at least 1; 1 is the Tversky loss.
    """

    def __init__(
        self, alpha: float = 0.3, beta: float = 0.7, gamma: float = 4 / 3, reduction: str = "mean"
    ) -> None:
        super().__init__()
        if gamma < 1:
            raise ValueError(f"gamma={gamma} must be at least 1")
        self.gamma = gamma
        self.reduction = check_reduction(reduction)
        self.tversky = TverskyLoss(sigmoid=True, alpha=alpha, beta=beta, reduction="none")

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Logits and masks (N, 1, H, W); "none" gives (N, 1)."""
        # A power below 1 has infinite slope at zero, which is a perfect prediction.
        losses = self.tversky(prediction, target).clamp_min(1e-7) ** (1 / self.gamma)
        return reduce(losses, self.reduction)
