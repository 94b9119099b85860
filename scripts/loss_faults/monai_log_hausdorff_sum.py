"""MONAI's logarithmic Hausdorff loss: the reduction comes before the logarithm.

The documentation gives the formula log(HausdorffDTLoss + 1), which the loss follows for each reduction:
`sum` is the logarithm of a sum, and `mean` that of a mean. Neither is the sum or mean of what `none`
gives.

Shows: monai.losses.LogHausdorffDTLoss: mean, sum and none agree
"""

import torch
from monai.losses import LogHausdorffDTLoss

logits = torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
mask = (torch.arange(8) < 3).float().expand(2, 1, 8, 8)
for word in ("none", "sum", "mean"):
    loss = LogHausdorffDTLoss(sigmoid=True, include_background=True, reduction=word)
    print(word, loss(logits, mask).flatten().tolist())
