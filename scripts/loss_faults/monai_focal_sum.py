"""MONAI's focal loss: `sum` is not the sum of `none`.

The documentation says of `sum`: "the output will be summed", of `mean`: "the sum of the output will be
divided by the number of elements in the output". The loss first takes the mean over the pixels of each
image, so that `sum` is a sum over images and channels. `mean` is as documented; only a learning rate that
was chosen for `sum` notices.

Shows: monai.losses.FocalLoss, monai.losses.DiceFocalLoss: mean, sum and none agree
"""

import torch
from monai.losses import FocalLoss

logits, mask = torch.zeros(2, 1, 8, 8), torch.ones(2, 1, 8, 8)
values = {word: FocalLoss(reduction=word)(logits, mask) for word in ("none", "sum", "mean")}
print("sum of none:", values["none"].sum().item())
print("sum:        ", values["sum"].item())
print("64 times it:", 64 * values["sum"].item(), "(an image has 64 pixels)")
