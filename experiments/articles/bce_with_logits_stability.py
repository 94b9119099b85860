"""BCEWithLogitsLoss against sigmoid with BCELoss, at large logits and in narrow number types."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.packaged import packaged_loss, value_and_slope

_LEVELS = (20.0, 50.0, 90.0, 110.0)
_NAMES = ("bce_with_logits", "bce")
_TYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
_SETTINGS = (*_TYPES, "autocast")
_TOLERANCE = 0.01
_NEGLIGIBLE = 1e-6  # a loss or gradient below it is as good as 0
Outcome = tuple[float, float] | str
Number = tuple[str, float, float]  # value or derivative, logit, target


def measure(quick: bool) -> CheckResult:
    """Errors against softplus(±z) in float64, at logits of both signs for both targets."""
    losses = {name: packaged_loss(name, "binary") for name in _NAMES}
    rows: list[list[str | float | int | bool]] = []
    right = {(name, setting): set[Number]() for name in _NAMES for setting in _SETTINGS}
    strictly_right = {key: set[Number]() for key in right}
    refusals: set[str] = set()
    for setting in _SETTINGS:
        for size in _LEVELS:
            for logit, target in ((-size, 0.0), (size, 1.0), (-size, 1.0), (size, 0.0)):
                exact = _exact(logit, target)
                cells: list[str | float] = []
                for name in _NAMES:
                    outcome = _evaluate(losses[name], setting, logit, target)
                    if isinstance(outcome, str):
                        refusals.add(f"{setting}, {name}: {outcome}")
                        cells += ["refused", "refused"]
                        continue
                    cells += list(outcome)
                    for part, found, wanted in zip(("value", "derivative"), outcome, exact, strict=True):
                        if abs(found - wanted) <= _TOLERANCE * max(abs(wanted), _NEGLIGIBLE):
                            right[name, setting].add((part, logit, target))
                        if abs(found - wanted) <= _TOLERANCE * abs(wanted):
                            strictly_right[name, setting].add((part, logit, target))
                rows.append([setting, logit, target, *exact, *cells])
    only = {
        setting: (
            len(right["bce_with_logits", setting] - right["bce", setting]),
            len(right["bce", setting] - right["bce_with_logits", setting]),
        )
        for setting in _SETTINGS
    }
    usual = torch.linspace(-5, 5, 201 if quick else 20001).reshape(-1, 1)
    differences = []
    for target in (0.0, 1.0):
        first, second = (
            value_and_slope(loss, usual, torch.full_like(usual, target)) for loss in losses.values()
        )
        differences += [float((a - b).abs().max()) for a, b in zip(first, second, strict=True)]
    return CheckResult(
        quantities={
            "normal_range_difference": max(differences),
            **{f"only_with_logits_right_{setting}": float(first) for setting, (first, _) in only.items()},
            **{f"only_bce_right_{setting}": float(second) for setting, (_, second) in only.items()},
            **{
                f"only_bce_strictly_right_{setting}": float(
                    len(strictly_right["bce", setting] - strictly_right["bce_with_logits", setting])
                )
                for setting in _SETTINGS
            },
        },
        tables=[
            Table(
                "Value and derivative with respect to the logit",
                [
                    "type",
                    "logit",
                    "target",
                    "exact value",
                    "exact derivative",
                    "with logits: value",
                    "derivative",
                    "sigmoid + BCE: value",
                    "derivative",
                ],
                rows,
            ),
            Table(
                f"How many of the {8 * len(_LEVELS)} values and derivatives are right to 1 % (or 1e-8)",
                ["type", "with logits", "sigmoid + BCE", "only with logits", "only sigmoid + BCE"],
                [
                    [setting, *(len(right[name, setting]) for name in _NAMES), *only[setting]]
                    for setting in _SETTINGS
                ],
            ),
        ],
        notes=[
            "In float32 the sigmoid is exactly 1 for logits above about 17; BCELoss then clamps its "
            "logarithm at -100, and the derivative at a confident mistake is wrong or zero.",
            "BCEWithLogitsLoss adds numbers of the logit's size, so that a loss below about 1e-8 becomes 0.",
            "Autocast here is bfloat16 on the CPU; on CUDA devices torch refuses BCELoss under autocast.",
            *sorted(refusals),
        ],
    )


def _exact(logit: float, target: float) -> tuple[float, float]:
    z = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
    value = functional.softplus(z if target == 0 else -z)
    value.backward()
    assert z.grad is not None
    return float(value.detach()), float(z.grad)


def _evaluate(loss: nn.Module, setting: str, logit: float, target: float) -> Outcome:
    """Value and derivative, or torch's message if it refuses."""
    dtype = _TYPES.get(setting, torch.bfloat16)
    prediction, truth = torch.tensor([[logit]], dtype=dtype), torch.tensor([[target]], dtype=dtype)

    def call(z: Tensor, y: Tensor) -> Tensor:
        if setting != "autocast":
            return torch.as_tensor(loss(z, y))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return torch.as_tensor(loss(z, y.float()))

    try:
        value, slope = value_and_slope(call, prediction, truth)
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return float(value), float(slope)
