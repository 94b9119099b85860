"""torch.where against the two kinds of conditional code that it could replace."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import (
    alternating,
    geometric_mean,
    how_repeated,
    median_ratio,
    over_processes,
)

_ELEMENTS = {"small": 512, "large": 262_144}


def measure(quick: bool) -> CheckResult:
    """Times of the Huber loss, x² / 2 where |x| < 1 and |x| - 1/2 elsewhere, with its gradient."""
    quantities: dict[str, float | list[float]] = {**over_processes(once, quick)}
    rows: list[list[str | float | int | bool]] = []
    for size, elements in _ELEMENTS.items():
        for form in _FORMS:
            over = quantities.get(f"{form}_over_where" + ("" if size == "small" else "_large"))
            if isinstance(over, list):
                rows.append([elements, form, geometric_mean(over)])
    x = _inputs("small")
    per_element = (_if_per_element(x) - _where_per_element(x)).abs().max()
    scalar = (_scalar_if(x) - _where_of_scalar(x)).abs().max()
    quantities["largest_difference"] = float(torch.maximum(per_element, scalar))
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Time relative to torch.where's, float32, one CPU thread", ["elements", "form", "ratio"], rows
            )
        ],
        notes=[
            "if_per_element is a Python `if` for each element. scalar_if is one `if` for the whole tensor, "
            "of which it computes one side; torch.where needs both. mask is an assignment by a boolean mask.",
            "A side that is infinite where torch.where does not choose it makes the gradient NaN.",
            how_repeated(quick),
        ],
    )


def once(quick: bool) -> dict[str, float]:
    """The ratios to torch.where's times in this process."""
    found = {}
    for size in _ELEMENTS:
        inputs, suffix = _inputs(size), "" if size == "small" else "_large"
        for form, (conditional, where) in _FORMS.items():
            if form == "if_per_element" and size == "large":
                continue  # takes seconds
            times = alternating(
                {"conditional": _step(conditional, inputs), "where": _step(where, inputs)}, quick
            )
            found[f"{form}_over_where{suffix}"] = median_ratio(times["conditional"], times["where"])
    return found


def _where_per_element(x: Tensor) -> Tensor:
    return torch.where(x.abs() < 1, 0.5 * x * x, x.abs() - 0.5)


def _if_per_element(x: Tensor) -> Tensor:
    return torch.stack([0.5 * e * e if abs(e) < 1 else abs(e) - 0.5 for e in x.unbind()])


def _mask(x: Tensor) -> Tensor:
    result = x.abs() - 0.5
    near = x.abs() < 1
    result[near] = 0.5 * x[near] * x[near]
    return result


def _scalar_if(x: Tensor) -> Tensor:
    """One condition for the whole tensor, as in a loss that changes with the mean error."""
    return 0.5 * x * x if x.abs().mean() < 1 else x.abs() - 0.5


def _where_of_scalar(x: Tensor) -> Tensor:
    return torch.where(x.abs().mean() < 1, 0.5 * x * x, x.abs() - 0.5)


_Form = Callable[[Tensor], Tensor]
_FORMS: dict[str, tuple[_Form, _Form]] = {
    "if_per_element": (_if_per_element, _where_per_element),
    "scalar_if": (_scalar_if, _where_of_scalar),
    "mask": (_mask, _where_per_element),
}


def _inputs(size: str) -> Tensor:
    return torch.randn(_ELEMENTS[size], generator=torch.Generator().manual_seed(0))


def _step(form: _Form, inputs: Tensor) -> Callable[[], object]:
    leaf = inputs.clone().requires_grad_()
    return lambda: torch.autograd.grad(form(leaf).sum(), leaf)
