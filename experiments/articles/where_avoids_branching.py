"""torch.where against a Python branch, an assignment by mask and an arithmetic blend."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.timing import QUICK_REPETITIONS, REPETITIONS, alternating, geometric_mean, ratios

_ELEMENTS, _LARGE = 4096, 262_144


def measure(quick: bool) -> CheckResult:
    """The Huber loss: x² / 2 where |x| < 1 and |x| - 1/2 elsewhere; alone and with gradients."""
    repetitions, budget = (QUICK_REPETITIONS, 0.2) if quick else (REPETITIONS, 3.0)
    quantities: dict[str, float | list[float]] = {}
    rows: list[list[str | float | int | bool]] = []
    differences = [0.0]
    for elements in (_ELEMENTS, _LARGE):
        inputs = 2 * torch.randn(elements, generator=torch.Generator().manual_seed(0))
        forms = dict(_FORMS) if elements == _ELEMENTS else {k: v for k, v in _FORMS.items() if k != "branch"}
        differences += [float((form(inputs) - _where(inputs)).abs().max()) for form in forms.values()]
        for work, call in (("values", _values), ("values and gradients", _gradients)):
            timed = {
                name: call(form, inputs)
                for name, form in forms.items()
                if name != "branch" or call is _gradients  # so slow that it is timed only once
            }
            times = alternating(timed, repetitions, budget)
            for name, seconds in times.items():
                over = ratios(seconds, times["where"])
                rows.append([elements, work, name, 1e6 * geometric_mean(seconds), geometric_mean(over)])
                if name != "where" and work == "values and gradients":
                    quantities[f"{name}_over_where{'' if elements == _ELEMENTS else '_large'}"] = over
    return CheckResult(
        quantities={**quantities, "largest_difference": max(differences)},
        tables=[
            Table(
                "Median times, float32, one CPU thread",
                ["elements", "work", "form", "microseconds", "relative to where"],
                rows,
            )
        ],
        notes=[
            f"All forms agree to {max(differences):.1g}. The Python branch tests each element, and is "
            f"left out at {_LARGE} elements.",
            "torch.where computes both pieces everywhere; a piece that is infinite where it is not "
            "chosen makes the gradient NaN.",
        ],
    )


def _where(x: Tensor) -> Tensor:
    return torch.where(x.abs() < 1, 0.5 * x * x, x.abs() - 0.5)


def _branch(x: Tensor) -> Tensor:
    return torch.stack([0.5 * e * e if abs(e) < 1 else abs(e) - 0.5 for e in x.unbind()])


def _mask(x: Tensor) -> Tensor:
    result = x.abs() - 0.5
    near = x.abs() < 1
    result[near] = 0.5 * x[near] * x[near]
    return result


def _blend(x: Tensor) -> Tensor:
    near = (x.abs() < 1).to(x.dtype)
    return near * (0.5 * x * x) + (1 - near) * (x.abs() - 0.5)


_FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "where": _where,
    "branch": _branch,
    "mask": _mask,
    "blend": _blend,
}


def _values(form: Callable[[Tensor], Tensor], inputs: Tensor) -> Callable[[], object]:
    return lambda: form(inputs)


def _gradients(form: Callable[[Tensor], Tensor], inputs: Tensor) -> Callable[[], object]:
    leaf = inputs.clone().requires_grad_()
    return lambda: torch.autograd.grad(form(leaf).sum(), leaf)
