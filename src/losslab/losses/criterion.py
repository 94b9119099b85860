"""A criterion: a loss together with the inputs it needs.

The parts are data in a loss's YAML file; nothing here depends on which loss it is. A weighted sum of criteria
is a criterion too (`losses/terms.py`). `misuse.py` finds parts that do not fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from losslab.config import catalogue
from losslab.config.settings import LossSettings, SingleLossSettings, SumSettings
from losslab.errors import UserError
from losslab.losses import misuse
from losslab.losses.make import make_loss
from losslab.losses.terms import WeightedSum
from losslab.tasks.kinds import Kind

# Applied to raw outputs (N, K, ...) before the loss; dimension 1 holds the classes.
OUTPUT_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "identity": lambda outputs: outputs,
    "sigmoid": torch.sigmoid,
    "softmax": lambda outputs: torch.softmax(outputs, dim=1),
    "log_softmax": lambda outputs: torch.log_softmax(outputs, dim=1),
    "first_half": lambda outputs: outputs.chunk(2, dim=1)[0],  # the means of `heads.MeanAndVariance`
}
LIBRARIES = ("torch", "torchvision", "monai", "losslab")  # how to call their losses is known


class Criterion(nn.Module):
    """`loss(output_activation(outputs), targets)`.

    Args:
        loss: any callable of (prediction, target) that returns a scalar.
        output_activation: a key of OUTPUT_ACTIVATIONS.
        form: how the targets must be encoded, see `Kind.target_forms`; the caller encodes them.
    """

    # Only a weighted sum has terms.
    terms: tuple[str, ...] = ()
    last_terms = torch.zeros(0)

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], output_activation: str, form: str) -> None:
        super().__init__()
        self.loss = loss
        self.output_activation = output_activation
        self.form = form
        self._activate = OUTPUT_ACTIVATIONS[output_activation]

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Raw outputs (N, ...) and encoded targets to a scalar.

        With reduced or double precision both are converted to the wider of their types, because some losses
        accept only one (mse_loss in torch 2.11 refuses two in its backward pass).
        """
        if outputs.dtype != targets.dtype and targets.is_floating_point():
            wider = torch.promote_types(outputs.dtype, targets.dtype)
            outputs, targets = outputs.to(wider), targets.to(wider)
        return self.loss(self._activate(outputs), targets)


def build_criterion(
    settings: LossSettings,
    kind: Kind,
    name: str,
    *,
    training_targets: Callable[[], Tensor] | None = None,
    allow_misuse: bool = False,
) -> Criterion | WeightedSum:
    """The criterion that `settings` describe, for this kind of targets.

    Args:
        training_targets: returns the targets of the training split; called only if a weight is `balanced`.
        allow_misuse: accept a loss even if it is fed what it does not expect.

    Raises UserError if the loss does not support the kind, cannot be made, or is fed the wrong thing.
    """
    if isinstance(settings, SumSettings):
        options: dict[str, Any] = {"training_targets": training_targets, "allow_misuse": allow_misuse}
        terms = settings.terms
        return WeightedSum(
            [build_criterion(term, kind, f"{name}.{term.name}", **options) for term in terms],
            weights=[term.weight for term in terms],
            names=[term.name for term in terms],
        )
    check_criterion(settings, kind.target_forms, name)
    form = matching_form(settings.forms, kind.target_forms)
    assert form is not None
    if not allow_misuse:
        misuse.check_fed(settings, name, form)

    def encoded_targets() -> Tensor:
        if training_targets is None:
            raise UserError(f"loss={name}: balanced weights need a task's training targets")
        return kind.encode(training_targets(), form)

    loss = make_loss(settings.loss, name, form, encoded_targets)
    return Criterion(loss, settings.output_activation, form)


def check_criterion(settings: SingleLossSettings, forms: Mapping[str, Any], name: str) -> None:
    """Checks that do not need the loss itself. Raises UserError."""
    if settings.output_activation not in OUTPUT_ACTIVATIONS:
        raise UserError(
            f"loss.output_activation={settings.output_activation} of loss={name} does not exist: "
            f"choose one of {', '.join(OUTPUT_ACTIVATIONS)}"
        )
    if matching_form(settings.forms, forms) is None:
        own = settings.loss.target.partition(".")[0] not in LIBRARIES
        add = f"if it takes one of these, add it, e.g. loss.targets=[{next(iter(forms))}]; else "
        raise UserError(
            f"loss={name} takes targets as {' or '.join(settings.forms)}, but this task offers "
            f"{', '.join(forms)}: {add if own else ''}choose one of {', '.join(_fitting(forms))}"
        )


def _fitting(forms: Mapping[str, Any]) -> list[str]:
    """Names of the losses in the catalogue that take targets in one of these forms."""
    where = catalogue.folders()
    found = []
    for name in catalogue.names("loss", where):
        wanted = catalogue.load("loss", name, where).get("targets", [])
        if matching_form([wanted] if isinstance(wanted, str) else wanted, forms):
            found.append(name)
    return found


def matching_form(wanted: Iterable[str], offered: Mapping[str, Any]) -> str | None:
    """The first of the loss's forms that the kind offers."""
    return next((form for form in wanted if form in offered), None)
