"""Fills in the config of a weighted sum of losses, `loss.terms`. The sum itself is in `losses/terms.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from losslab.errors import UserError

_ANY_FORM = ("class_index", "values", "mask", "multi_hot")


def normal_terms(
    config: Mapping[str, Any], named: Callable[[str], Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """`terms` as a list of complete criteria, each with "name" and "weight".

    Takes a mapping from names to criteria with weights, or a list of {loss, weight}, where `loss` is the name
    of a loss in the catalogue or {_target_, ...}. Raises UserError that names the wrong entry.

    Args:
        named: returns the config of a loss in the catalogue, by name.
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
