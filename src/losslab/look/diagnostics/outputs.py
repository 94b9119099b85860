"""The network's raw outputs, and the gradient of the loss with respect to them.

An output activation that saturates on the wrong side suppresses the gradient where it is needed most:
Golik et al. 2013, "Cross-entropy vs. squared error training: a theoretical and experimental comparison",
https://www.isca-archive.org/interspeech_2013/golik13_interspeech.html
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losslab.look.diagnostics.base import Diagnostic
from losslab.look.watcher import Training
from losslab.losses.criterion import OUTPUT_ACTIVATIONS

CONFIDENT = 0.95  # a probability at least this far from its target is a confident mistake


class Outputs(Diagnostic):
    """Scalars `output/...` of the training mini-batch.

    - `std`, `largest`: of the raw outputs; the largest absolute value.
    - `gradient`: mean over samples of the norm of the loss's gradient with respect to the sample's raw
      outputs, times N (so that it does not depend on the batch size of a loss that is a mean).

    If the criterion's output activation is a sigmoid or a softmax, also:

    - `saturated_share`: probabilities below 0.05 or above 0.95.
    - `confidently_wrong_share`: samples with a probability at least 0.95 away from its target.
    - `confidently_wrong_gradient`: mean gradient of those samples, relative to the largest of any sample.
    """

    def before_forward(self, training: Training, step: int) -> None:
        self._gradient: Tensor | None = None
        self._handle = training.criterion.register_forward_pre_hook(self.hook(self._see))

    def _see(self, criterion: Any, inputs: tuple[Any, ...]) -> None:
        outputs, targets = inputs[:2]
        self._outputs, self._targets = outputs.detach(), targets
        if outputs.requires_grad:
            outputs.register_hook(self.hook(self._keep))  # exists as long as this step's graph

    def _keep(self, gradient: Tensor) -> None:
        self._gradient = gradient

    @torch.no_grad()
    def after_backward(self, training: Training, step: int) -> None:
        self._handle.remove()
        outputs = self._outputs.float()
        facts = {"std": outputs.std(correction=0), "largest": outputs.abs().max()}
        norms = None
        if self._gradient is not None:
            norms = self._gradient.float().flatten(1).norm(dim=1) * len(outputs)
            facts["gradient"] = norms.mean()
        name = training.criterion.output_activation
        if name in ("sigmoid", "softmax", "log_softmax"):
            facts |= _of_probabilities(_probabilities(name, outputs), self._targets, norms)
        values = torch.stack(list(facts.values())).tolist()
        measured = {
            key: value for key, value in zip(facts, values, strict=True) if value == value
        }  # NaN: no samples
        training.logbook.measure(step, "output", measured)
        del self._outputs, self._targets, self._gradient


def _probabilities(name: str, outputs: Tensor) -> Tensor:
    activated = OUTPUT_ACTIVATIONS[name](outputs)
    return activated.exp() if name == "log_softmax" else activated


def _of_probabilities(probabilities: Tensor, targets: Tensor, norms: Tensor | None) -> dict[str, Tensor]:
    facts = {"saturated_share": ((probabilities < 0.05) | (probabilities > 0.95)).float().mean()}
    if targets.shape != probabilities.shape:
        if targets.is_floating_point() or targets.ndim != probabilities.ndim - 1:
            return facts
        targets = torch.nn.functional.one_hot(targets, probabilities.shape[1]).movedim(-1, 1)
    wrong = ((probabilities - targets).abs() >= CONFIDENT).flatten(1).any(dim=1)
    facts["confidently_wrong_share"] = wrong.float().mean()
    if norms is not None:
        # 0/0 if no sample is confidently wrong; the caller leaves it out
        facts["confidently_wrong_gradient"] = (norms * wrong).sum() / wrong.sum() / norms.max()
    return facts
