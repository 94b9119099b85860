"""Temperature scaling: one number, fitted on validation data, by which outputs are divided before the test.

Guo et al. 2017, https://arxiv.org/abs/1706.04599. The order of the classes, and so the accuracy, stays as it
is. Not here: which metrics are computed of the scaled outputs (`evaluation.py`).
"""

from __future__ import annotations

import math

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from losslab.errors import UserError
from losslab.look.watcher import Training
from losslab.tasks.kinds import Kind
from losslab.tasks.kinds.binary import Binary
from losslab.tasks.kinds.multiclass import Multiclass
from losslab.tasks.kinds.multilabel import Multilabel
from losslab.train import hardware

HIGHEST = 1000.0  # as far as it is searched, and down to its reciprocal


def check(kind: Kind) -> None:
    """Raises UserError if outputs of this kind have no temperature."""
    if not isinstance(kind, Binary | Multiclass | Multilabel):
        raise UserError(
            "temperature_scaling=true needs outputs that are scores of classes (task.kind=multiclass, "
            f"binary or multilabel), the task's are {type(kind).__name__.lower()}: set it to false"
        )


@torch.no_grad()
def fitted(training: Training) -> float:
    """The temperature with the least negative log-likelihood of all validation data."""
    network, kind = training.evaluated, training.task.kind
    mode = network.training
    network.eval()
    pairs = [
        (hardware.outputs_of(network, inputs), targets) for inputs, targets in training.batches("validation")
    ]
    network.train(mode)
    outputs = torch.cat([outputs for outputs, _ in pairs]).cpu().double()
    targets = torch.cat([targets for _, targets in pairs]).cpu()
    return fit(kind, outputs, targets)


def fit(kind: Kind, outputs: Tensor, targets: Tensor) -> float:
    """The temperature of raw outputs (N, K) and the targets (N, ...) of a kind that has one."""

    def likelihood(log_temperature: float) -> float:
        scaled = outputs / math.exp(log_temperature)
        if isinstance(kind, Multiclass):
            return cross_entropy(scaled, targets).item()
        return binary_cross_entropy_with_logits(scaled, kind.encode(targets, "multi_hot").to(scaled)).item()

    limit = math.log(HIGHEST)
    return math.exp(minimize_scalar(likelihood, bounds=(-limit, limit), method="bounded").x)
