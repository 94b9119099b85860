"""What losses need to know about unequal class sizes, from the targets of the training split."""

from __future__ import annotations

import torch
from torch import Tensor

from losslab.errors import UserError

BALANCED = "balanced"
TRAINING = "training"


def balanced_weight(key: str, form: str, targets: Tensor, name: str) -> Tensor:
    """The weights that `balanced` stands for.

    Args:
        key: "weight", for classes, or "pos_weight", for the positives of each output.
        form: the form of the targets: class_index goes with "weight", the others with "pos_weight".
        targets: all encoded training targets.
        name: of the loss, for messages.
    """
    if key == "weight" and form == "class_index":
        return class_weights(targets, name)
    if key == "pos_weight" and form in ("multi_hot", "one_hot", "mask"):
        return positive_weights(targets, name)
    raise UserError(
        f"loss={name}: loss.loss.{key}={BALANCED} does not apply to targets of the form {form}: "
        f"weight goes with class_index, pos_weight with multi_hot, one_hot and mask"
    )


def class_weights(targets: Tensor, name: str = "") -> Tensor:
    """N / (K · N_k) for class indices (N, ...): all 1 if the classes are equally frequent.

    https://scikit-learn.org/stable/modules/generated/sklearn.utils.class_weight.compute_class_weight.html
    """
    counts = _counts(targets, f"loss={name}: {BALANCED} weights")
    return counts.sum() / (len(counts) * counts)


def class_shares(form: str, targets: Tensor, name: str = "") -> Tensor:
    """N_k / N, (K,), which `loss.loss.prior=training` stands for; `targets` are class indices (N, ...)."""
    where = f"loss={name}: loss.loss.prior={TRAINING}"
    if form != "class_index":
        raise UserError(f"{where} does not apply to targets of the form {form}: it goes with class_index")
    counts = _counts(targets, where)
    return counts / counts.sum()


def _counts(targets: Tensor, where: str) -> Tensor:
    counts = torch.bincount(targets.flatten()).float()
    if empty := (counts == 0).nonzero().flatten().tolist():
        raise UserError(f"{where}, but the training split has no sample of class {empty[0]}")
    return counts


def positive_weights(targets: Tensor, name: str = "") -> Tensor:
    """Negatives / positives of each output of targets (N, K, ...), shaped to broadcast: (K, 1, ...)."""
    others = [axis for axis in range(targets.ndim) if axis != 1]
    positives = targets.float().sum(dim=others)
    total = targets.numel() / targets.shape[1]
    if empty := (positives == 0).nonzero().flatten().tolist():
        raise UserError(
            f"loss={name}: {BALANCED} weights, but the training split has no positive of output {empty[0]}"
        )
    return ((total - positives) / positives).reshape(-1, *[1] * (targets.ndim - 2))
