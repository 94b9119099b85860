"""MONAI's focal loss: `sum` is not the sum of `none`.

The documentation says of `sum`: "the output will be summed", of `mean`: "the sum of the output will be
divided by the number of elements in the output". The focal loss first takes the mean over the pixels of each
image, so that its `sum` is a sum over images and channels; `mean` is as documented. With Dice added, `none`
gives every pixel the Dice loss of its image.

Shows: monai.losses.FocalLoss, monai.losses.DiceFocalLoss: mean, sum and none agree
"""

import torch
from monai.losses import DiceFocalLoss, FocalLoss

logits, mask = torch.zeros(2, 1, 8, 8), torch.ones(2, 1, 8, 8)  # 64 pixels each
for name, loss, options in (("focal", FocalLoss, {}), ("Dice and focal", DiceFocalLoss, {"sigmoid": True})):
    none, total = (loss(reduction=word, **options)(logits, mask) for word in ("none", "sum"))
    print(f"{name}: sum of none {none.sum():.6g}, sum {total:.6g}, ratio {none.sum() / total:.6g}")
