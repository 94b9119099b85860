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
_REFUSED = "refused"
Outcome = tuple[float, float] | str


def measure(quick: bool) -> CheckResult:
    """Errors against softplus(±z) in float64, at logits of both signs for both targets."""
    losses = {name: packaged_loss(name, "binary") for name in _NAMES}
    rows: list[list[str | float | int | bool]] = []
    value_errors = {(name, setting): 0.0 for name in _NAMES for setting in [*_TYPES, "autocast"]}
    lost = dict.fromkeys(value_errors, 0)
    refusals: list[str] = []
    for setting in [*_TYPES, "autocast"]:
        for size in _LEVELS:
            for logit, target in ((-size, 0.0), (size, 1.0), (-size, 1.0), (size, 0.0)):
                value, slope = _exact(logit, target)
                cells: list[str | float] = []
                for name in _NAMES:
                    outcome = _evaluate(losses[name], setting, logit, target)
                    key = (name, setting)
                    if isinstance(outcome, str):
                        refusals.append(f"{setting}, {name}: {outcome}")
                        value_errors[key] = 1.0
                        lost[key] += 1
                        cells += [_REFUSED, _REFUSED]
                        continue
                    error = abs(outcome[0] - value) / max(value, 1.0)
                    value_errors[key] = max(value_errors[key], min(error, 1e9) if error == error else 1e9)
                    lost[key] += not abs(outcome[1] - slope) <= 0.5 * max(abs(slope), 1e-3)
                    cells += list(outcome)
                rows.append([setting, logit, target, value, slope, *cells])
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
            "with_logits_value_error": value_errors["bce_with_logits", "float32"],
            "bce_value_error": value_errors["bce", "float32"],
            "with_logits_gradients_lost": float(lost["bce_with_logits", "float32"]),
            "bce_gradients_lost": float(lost["bce", "float32"]),
            "with_logits_gradients_lost_half": float(lost["bce_with_logits", "float16"]),
            "bce_gradients_lost_half": float(lost["bce", "float16"]),
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
                f"Worst relative error of the value, and wrong or lost derivatives of {4 * len(_LEVELS)}",
                ["type", "loss", "error", "derivatives lost"],
                [
                    [setting, name, error, lost[name, setting]]
                    for (name, setting), error in value_errors.items()
                ],
            ),
        ],
        notes=[
            "In float32 the sigmoid is exactly 1 for logits above about 17; BCELoss then clamps its "
            "logarithm at -100, and the derivative at a confident mistake is wrong or zero.",
            "Autocast here is bfloat16 on the CPU; on CUDA devices torch refuses BCELoss under autocast.",
            *sorted(set(refusals)),
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
