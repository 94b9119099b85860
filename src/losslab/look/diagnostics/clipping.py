"""How much of the gradient is clipped. Measures nothing if `trainer.gradient_clip` is off."""

from __future__ import annotations

import torch

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.watcher import Training


class Clipping(Diagnostic):
    """Scalars `clipping/...` of the gradient before clipping.

    `by_norm`: 1 if the norm is above the limit, else 0; `norm_factor`: what the gradient is multiplied
    by, from 0 to 1; `by_value_share`: share of the gradient's elements beyond the limit.
    """

    def after_backward(self, training: Training, step: int) -> None:
        clip = training.settings.gradient_clip
        if not clip.norm and not clip.value:
            return
        gradients = [
            parameter.grad for parameter in training.network.parameters() if parameter.grad is not None
        ]
        values = {}
        if clip.value:
            beyond = torch.stack([(gradient.abs() > clip.value).sum() for gradient in gradients]).sum()
            values["by_value_share"] = beyond.item() / sum(gradient.numel() for gradient in gradients)
            # the learner clips by value first, and the result by norm
            gradients = [gradient.clamp(-clip.value, clip.value) for gradient in gradients]
        if clip.norm:
            norm = torch.nn.utils.get_total_norm(gradients).item()
            values["by_norm"] = float(norm > clip.norm)
            values["norm_factor"] = min(1.0, clip.norm / norm) if norm else 1.0
        training.logbook.measure(step, "clipping", values)
