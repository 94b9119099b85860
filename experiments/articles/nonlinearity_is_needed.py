"""A network without activations against the product of its weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network

_DEPTHS = (1, 4, 8)
_INPUTS, _OUTPUTS, _WIDTH = 64, 10, 32


def measure(quick: bool) -> CheckResult:
    """MLPs with 1, 4 and 8 hidden layers in float64, on random inputs; the same with ReLU for contrast."""
    samples = 500 if quick else 5000
    inputs = torch.randn(samples, _INPUTS, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows: list[list[str | float | int | bool]] = []
    products, fits = [], {"identity": [0.0], "relu": [0.0]}
    for depth in _DEPTHS:
        for activation in fits:
            built = network("mlp", activation, (_INPUTS,), _OUTPUTS, 0, hidden=[_WIDTH] * depth).double()
            with torch.no_grad():
                outputs = built(inputs)
                scale = float((outputs - outputs.mean(dim=0)).std())
                product = float((outputs - _as_one_map(built, inputs)).abs().max()) / scale
                fit = _affine_residual(inputs, outputs)
            if activation == "identity":
                products.append(product)
            fits[activation].append(fit)
            rows.append([depth, activation, product, fit])
    return CheckResult(
        quantities={
            "product_difference": max(products),
            "identity_affine_residual": max(fits["identity"]),
            "relu_affine_residual": min(fits["relu"][1:]),
        },
        tables=[
            Table(
                "Distance from one affine map, relative to the outputs' standard deviation",
                [
                    "hidden layers",
                    "activation",
                    "from the product of the weights",
                    "from the best affine fit",
                ],
                rows,
            )
        ],
        notes=["The product is W_L … W_1, with the biases carried along to make one affine map."],
    )


def _as_one_map(built: nn.Module, inputs: Tensor) -> Tensor:
    """The outputs of the product of all weights, with the biases carried along."""
    matrix = torch.eye(inputs.shape[1], dtype=inputs.dtype)
    shift = torch.zeros(inputs.shape[1], dtype=inputs.dtype)
    for layer in built.modules():
        if isinstance(layer, nn.Linear):
            matrix = layer.weight @ matrix
            shift = layer.weight @ shift + layer.bias
    return inputs @ matrix.T + shift


def _affine_residual(inputs: Tensor, outputs: Tensor) -> float:
    """Root of the unexplained share of the outputs' variance under the best affine map."""
    with_one = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=inputs.dtype)], dim=1)
    best = torch.linalg.lstsq(with_one, outputs).solution
    return float((outputs - with_one @ best).norm() / (outputs - outputs.mean(dim=0)).norm())
