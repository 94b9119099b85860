"""Convexity of the squared error, in the predictions and in a network's weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network

_PLACES = (0.25, 0.5, 0.75)
_INPUTS, _HIDDEN, _SAMPLES = 4, 16, 128
_SLACK = 1e-9


def measure(quick: bool) -> CheckResult:
    """Jensen's inequality along random segments, float64; minima from random starting points."""
    segments = 40 if quick else 250
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(_SAMPLES, _INPUTS, generator=generator, dtype=torch.float64)
    targets = torch.sin(2 * inputs[:, :1]) + inputs[:, 1:2] * inputs[:, 2:3]

    def in_predictions(predictions: Tensor) -> Tensor:
        return functional.mse_loss(predictions.reshape(_SAMPLES, 1), targets)

    def random_predictions(seed: int) -> Tensor:
        return 3 * torch.randn(_SAMPLES, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)

    shares = {"the predictions": _violations(in_predictions, random_predictions, segments)}
    for name, model in {
        "the weights of a linear model": "linear",
        "the weights of an MLP, ReLU": "relu",
        "the weights of an MLP, tanh": "tanh",
    }.items():
        shares[name] = _violations(*_in_weights(model, inputs, targets), segments)
    minima = torch.stack(
        [_descend(in_predictions, random_predictions(seed), 20)[1] for seed in range(5 if quick else 20)]
    )
    in_weights, start = _in_weights("tanh", inputs, targets)
    ends = torch.stack([_descend(in_weights, start(seed), 30 if quick else 200)[0] for seed in range(5)])
    return CheckResult(
        quantities={
            "violations_in_predictions": shares["the predictions"],
            "minima_apart_in_predictions": float((minima - minima[0]).abs().max()),
            "violations_in_linear_weights": shares["the weights of a linear model"],
            "violations_in_network_weights": max(
                shares["the weights of an MLP, ReLU"], shares["the weights of an MLP, tanh"]
            ),
            "network_end_losses_ratio": float(ends.max() / ends.min()),
        },
        tables=[
            Table(
                f"Share of {segments} random segments on which the loss lies above its chord somewhere",
                ["in", "share"],
                [[name, share] for name, share in shares.items()],
            ),
            Table(
                "Losses at which L-BFGS ends from five initial weights of the tanh MLP",
                ["start", "loss"],
                [[number, float(loss)] for number, loss in enumerate(ends)],
            ),
        ],
        notes=[
            "The squared error is convex in the predictions, and so in the weights of a linear model.",
            "A network with hidden layers is not linear in its weights: exchanging two hidden units gives "
            "the same function with other weights, and a chord between the two can lie below the loss.",
        ],
    )


def _in_weights(
    model: str, inputs: Tensor, targets: Tensor
) -> tuple[Callable[[Tensor], Tensor], Callable[[int], Tensor]]:
    """The loss as a function of all weights in one vector, and random initial vectors."""

    def make(seed: int) -> nn.Module:
        if model == "linear":
            return network("linear", "identity", (_INPUTS,), 1, seed).double()
        return network("mlp", model, (_INPUTS,), 1, seed, hidden=[_HIDDEN]).double()

    template = make(0)

    def loss(vector: Tensor) -> Tensor:
        return functional.mse_loss(
            torch.func.functional_call(template, _split(template, vector), inputs), targets
        )

    def start(seed: int) -> Tensor:
        return parameters_to_vector(make(seed).parameters()).detach()

    return loss, start


def _split(template: nn.Module, vector: Tensor) -> dict[str, Tensor]:
    named = dict(template.named_parameters())
    parts = vector.split([parameter.numel() for parameter in named.values()])
    return {name: part.view_as(named[name]) for name, part in zip(named, parts, strict=True)}


@torch.no_grad()
def _violations(loss: Callable[[Tensor], Tensor], start: Callable[[int], Tensor], segments: int) -> float:
    """Share of segments between two random points on which Jensen's inequality fails."""
    failed = 0
    for segment in range(segments):
        first, second = start(2 * segment), start(2 * segment + 1)
        ends = float(loss(first)), float(loss(second))
        failed += any(
            float(loss((1 - place) * first + place * second))
            > (1 - place) * ends[0] + place * ends[1] + _SLACK
            for place in _PLACES
        )
    return failed / segments


def _descend(loss: Callable[[Tensor], Tensor], start: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Loss and point at the end of L-BFGS."""
    point = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([point], max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(point)
        value.backward()
        return value

    optimizer.step(closure)
    return loss(point).detach(), point.detach()
