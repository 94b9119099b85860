"""The angle between the gradients of MSE and cross-entropy at the same weights of a classifier."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network
from losslab.claims.tools.packaged import packaged_loss
from losslab.tasks.sources.scikit_learn import digits

_CLASSES = 10
_LOSSES = ("mse", "mse_softmax", "mse_sigmoid")
_SAMPLES, _STEPS, _EVERY, _RATE = 500, 100, 20, 1e-3


def measure(quick: bool) -> CheckResult:
    """A small network on some of scikit-learn's digits; 5 seeds from 0 (quick) or 10 from 200."""
    raw = digits()
    assert raw.inputs is not None
    inputs, targets = 2 * raw.inputs[:_SAMPLES] - 1, raw.targets[:_SAMPLES]
    starts: dict[str, list[float]] = {}
    during: dict[str, list[float]] = {}
    for name in _LOSSES:
        cosines = [_cosines(name, inputs, targets, seed) for seed in (range(5) if quick else range(200, 210))]
        starts[name] = [of_seed[0] for of_seed in cosines]
        during[name] = [math.fsum(of_seed[1:]) / len(of_seed[1:]) for of_seed in cosines]
    return CheckResult(
        quantities={"cosine_at_start": starts["mse"], "cosine_in_training": during["mse"]},
        tables=[
            Table(
                "Cosine of the angle between the gradient and that of cross-entropy, mean over seeds",
                ["loss", "at the start", "in training"],
                [[name, _mean(starts[name]), _mean(during[name])] for name in _LOSSES],
            )
        ],
        notes=[
            f"Each network is trained with its own loss for {_STEPS} steps of Adam at {_RATE}; every {_EVERY}"
            " steps both gradients are taken at its weights: 1 is the same direction, below 0 against it.",
        ],
    )


def _cosines(name: str, inputs: Tensor, targets: Tensor, seed: int) -> list[float]:
    """Before the first step, then every `_EVERY` steps."""
    cross_entropy, loss = packaged_loss("cross_entropy", "multiclass"), packaged_loss(name, "multiclass")
    one_hot = functional.one_hot(targets, _CLASSES).float()
    model = network("mlp", "relu", tuple(inputs.shape[1:]), _CLASSES, seed, hidden=[128])
    optimizer = torch.optim.Adam(model.parameters(), lr=_RATE)
    found = []
    for step in range(_STEPS + 1):
        other = _gradient(model, cross_entropy(model(inputs), targets))
        own = _gradient(model, loss(model(inputs), one_hot))  # the last one is what the optimiser follows
        if step % _EVERY == 0:
            found.append(float(functional.cosine_similarity(own, other, dim=0)))
        optimizer.step()
    return found


def _gradient(model: nn.Module, value: Tensor) -> Tensor:
    """Of all weights in one vector; it replaces their `grad`."""
    model.zero_grad()
    value.backward()
    return torch.cat([weights.grad.flatten() for weights in model.parameters() if weights.grad is not None])


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers)
