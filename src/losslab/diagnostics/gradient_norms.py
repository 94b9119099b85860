"""Gradient norm of each layer, before clipping: shows gradients that vanish or explode with depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from losslab.diagnostics.base import Diagnostic

if TYPE_CHECKING:
    from losslab.learner import Learner


class GradientNorms(Diagnostic):
    """Scalars `gradient_norm/PARAMETER`: Euclidean norm of the mini-batch gradient of each weight."""

    def after_backward(self, learner: Learner, step: int) -> None:
        named = [
            (name, parameter.grad)
            for name, parameter in learner.network.named_parameters()
            if parameter.grad is not None and parameter.ndim > 1
        ]
        if not named:
            return
        norms = torch.stack([gradient.norm() for _, gradient in named]).tolist()
        for (name, _), norm in zip(named, norms, strict=True):
            learner.logbook.writer.add_scalar(f"gradient_norm/{name}", norm, step)
