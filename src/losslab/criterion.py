"""A criterion: a loss together with what it must be fed.

The three parts are data in a loss's YAML file; nothing here asks which loss it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from losslab.errors import UserError
from losslab.instantiation import make
from losslab.tasks.kinds import Kind

# What raw outputs (N, K, ...) pass through on the way into the loss; classes lie along dimension 1.
OUTPUT_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda outputs: outputs,
    "sigmoid": torch.sigmoid,
    "softmax": lambda outputs: torch.softmax(outputs, dim=1),
    "log_softmax": lambda outputs: torch.log_softmax(outputs, dim=1),
}


class Criterion(nn.Module):
    """`loss(output_activation(outputs), targets)`.

    Args:
        loss: any callable of (prediction, target) that returns a scalar.
        output_activation: a key of OUTPUT_ACTIVATIONS.
        form: how the targets must be encoded, see `Kind.target_forms`; the caller encodes them.
    """

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], output_activation: str, form: str) -> None:
        super().__init__()
        self.loss = loss
        self.output_activation = output_activation
        self.form = form
        self._activate = OUTPUT_ACTIVATIONS[output_activation]

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Raw outputs (N, ...) and encoded targets to a scalar."""
        return self.loss(self._activate(outputs), targets)


def build_criterion(config: Mapping[str, Any], kind: Kind, name: str) -> Criterion:
    """The criterion described by the resolved `config` of the group `loss`, for this kind of targets.

    Raises UserError where the loss cannot serve the kind, or cannot be made.
    """
    check_criterion(config, kind.target_forms, name)
    form = matching_form(config["targets"], kind.target_forms)
    assert form is not None
    loss = make(config["loss"], where=f"loss={name}")
    if not callable(loss):
        raise UserError(f"loss={name}: {config['loss'].get('_target_')} is not callable")
    return Criterion(loss, config["output_activation"], form)


def check_criterion(config: Mapping[str, Any], forms: Mapping[str, Any], name: str) -> None:
    """What can be said without making the loss. Raises UserError."""
    if config["output_activation"] not in OUTPUT_ACTIVATIONS:
        raise UserError(
            f"loss.output_activation={config['output_activation']} of loss={name} does not exist: "
            f"choose one of {', '.join(OUTPUT_ACTIVATIONS)}"
        )
    if matching_form(config["targets"], forms) is None:
        raise UserError(
            f"loss={name} takes targets as {' or '.join(_as_list(config['targets']))}, "
            f"but this task offers {', '.join(forms)}"
        )


def matching_form(wanted: str | Sequence[str], offered: Mapping[str, Any]) -> str | None:
    """The first form that the loss wants and the kind offers."""
    return next((form for form in _as_list(wanted) if form in offered), None)


def _as_list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
