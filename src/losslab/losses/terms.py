"""A weighted sum of losses, `terms:` in a loss's YAML file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from losslab.errors import UserError

# If terms need targets in different forms: (form of the sum, form of the term) -> conversion.
_CONVERSIONS: dict[tuple[str, str], Callable[[Tensor, Tensor], Tensor]] = {
    ("class_index", "one_hot"): lambda targets, outputs: (
        nn.functional.one_hot(targets, outputs.shape[1]).movedim(-1, 1).to(outputs.dtype)
    ),
    ("one_hot", "class_index"): lambda targets, outputs: targets.argmax(dim=1),
}


class WeightedSum(nn.Module):
    """Σ weight · criterion(outputs, targets), itself a criterion.

    After each forward pass `last_terms` holds the terms' own values, not weighted, (T,) without gradient.
    """

    output_activation = "identity"  # each term has its own

    def __init__(self, criteria: Sequence[nn.Module], weights: Sequence[float], names: Sequence[str]) -> None:
        super().__init__()
        self.criteria = nn.ModuleList(criteria)
        self.weights = tuple(float(weight) for weight in weights)
        self.terms = tuple(names)
        self.form = str(criteria[0].form)
        for criterion, name in zip(criteria, names, strict=True):
            form = str(criterion.form)
            if form != self.form and (self.form, form) not in _CONVERSIONS:
                raise UserError(
                    f"loss.terms: {names[0]} takes targets as {self.form} and {name} as {form}, "
                    f"and neither can be converted to the other"
                )
        self.last_terms = torch.zeros(len(self.terms))

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Raw outputs (N, ...) and encoded targets to a scalar."""
        values = []
        for criterion in self.criteria:
            convert = _CONVERSIONS.get((self.form, str(criterion.form)))
            values.append(criterion(outputs, convert(targets, outputs) if convert else targets))
        self.last_terms = torch.stack([value.detach() for value in values])
        total = self.weights[0] * values[0]
        for weight, value in zip(self.weights[1:], values[1:], strict=True):
            total = total + weight * value
        return total
