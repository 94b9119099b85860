"""segmentation_models_pytorch's Lovász loss raises in float64.

Inside, the weights of the sorted errors are cast to float32, and torch.dot takes one type only. The
documentation names no type. Predictions in bfloat16 work: the errors are float32 by then.

Shows: segmentation_models_pytorch.losses.LovaszLoss: gradcheck (float64)
"""

import torch
from segmentation_models_pytorch.losses import LovaszLoss

for logits, masks in ((torch.float32,) * 2, (torch.float64,) * 2, (torch.bfloat16,) * 2):
    mask = (torch.arange(8) < 3).to(masks).expand(2, 1, 8, 8)
    try:
        print(logits, LovaszLoss("binary")(torch.zeros(2, 1, 8, 8, dtype=logits), mask).item())
    except RuntimeError as error:
        print(logits, type(error).__name__, error)
