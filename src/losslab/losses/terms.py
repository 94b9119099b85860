"""A weighted sum of losses, `terms:` in a loss's YAML file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from losslab.errors import UserError

# Where terms want their targets in different forms: (what the sum is given, what a term wants) -> how.
_CONVERSIONS: dict[tuple[str, str], Callable[[Tensor, Tensor], Tensor]] = {
    ("class_index", "one_hot"): lambda targets, outputs: (
        nn.functional.one_hot(targets, outputs.shape[1]).movedim(-1, 1).to(outputs.dtype)
    ),
    ("one_hot", "class_index"): lambda targets, outputs: targets.argmax(dim=1),
}

_ANY_FORM = ("class_index", "values", "mask", "multi_hot")


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
                    f"which do not go together"
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


def normal_terms(
    config: Mapping[str, Any], named: Callable[[str], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """`terms` as a list of complete criteria, each with "name" and "weight".

    Takes a mapping of names to criteria with a weight, or a list of {loss, weight}, where `loss` is the name
    of a loss of the catalogue or {_target_, ...}. Raises UserError with the entry that is wrong.

    Args:
        named: the config of a catalogue loss.
    """
    terms = config["terms"]
    if isinstance(terms, Mapping):
        terms = [
            {"name": name, **term} if isinstance(term, Mapping) else term for name, term in terms.items()
        ]
    if not isinstance(terms, list) or not terms:
        raise UserError(f"loss.terms={terms} is wrong: give a list like [{{loss: mse, weight: 1}}]")
    complete: list[dict[str, Any]] = []
    for index, term in enumerate(terms):
        if not isinstance(term, Mapping) or "loss" not in term:
            raise UserError(f"loss.terms[{index}]={term} is wrong: give {{loss: NAME, weight: NUMBER}}")
        weight = term.get("weight", 1.0)
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise UserError(f"loss.terms[{index}].weight={weight} is wrong: give a number")
        loss = term["loss"]
        if isinstance(loss, str):
            base = dict(named(loss))
            if "terms" in base:
                raise UserError(f"loss.terms[{index}]={loss} is a sum itself: list its terms instead")
            default_name = loss
        else:
            base = {"output_activation": "identity", "targets": [*_ANY_FORM], "loss": loss}
            default_name = str(loss.get("_target_", index)).rpartition(".")[2]
        given = {key: value for key, value in term.items() if key not in ("loss", "weight", "name")}
        name = term.get("name", default_name)
        if any(name == other["name"] for other in complete):
            name = f"{name}_{index}"
        complete.append({**base, **given, "name": name, "weight": float(weight)})
    return complete
