"""timm's asymmetric loss for single labels takes any word for `reduction`, and knows `mean` alone.

With `sum` it returns one value for each sample. The argument has no documentation; the multi-label loss
beside it documents its four reductions and refuses any other word.

Shows: timm.loss.AsymmetricLossSingleLabel: mean, sum and none agree
"""

import torch
from timm.loss import AsymmetricLossSingleLabel

outputs, target = torch.zeros(3, 4), torch.tensor([0, 1, 2])
for word in ("mean", "sum", "anything"):
    print(word, AsymmetricLossSingleLabel(reduction=word)(outputs, target))
