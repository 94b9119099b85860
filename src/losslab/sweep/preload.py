"""What the fork server of `workers.py` imports, so that no run has to. Nothing else imports this file."""

from __future__ import annotations

import warnings

from losslab.support import _torchmetrics

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what libraries say to programmers when they are imported
    _torchmetrics.import_quickly()

    import sklearn.datasets  # noqa: F401
    import torch.utils.tensorboard  # noqa: F401
    import torchvision  # noqa: F401

    import losslab.train.run  # noqa: F401
