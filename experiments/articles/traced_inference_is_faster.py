"""Inference in eager mode, traced and optimised by TorchScript, and with torch.compile."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network
from losslab.claims.tools.timing import (
    QUICK_REPETITIONS,
    alternating,
    geometric_mean,
    one_thread,
    ratios,
)
from losslab.errors import first_line

_BATCHES = (1, 256)
# The tasks' networks: the defaults of mnist and california_housing, the two other networks for images, and
# the U-Net on the smallest images that it takes.
_MODELS: dict[str, tuple[str, tuple[int, ...], int, dict[str, Any]]] = {
    "mlp, mnist": ("mlp", (1, 28, 28), 10, {"hidden": [128]}),
    "mlp, california_housing": ("mlp", (8,), 1, {"hidden": [64, 64]}),
    "linear, mnist": ("linear", (1, 28, 28), 10, {}),
    "cnn, mnist": ("cnn", (1, 28, 28), 10, {}),
    "unet, 32×32": ("unet", (1, 32, 32), 1, {}),
}
_QUICK = ("mlp, mnist", "cnn, mnist")


def measure(quick: bool) -> CheckResult:
    """Ratio eager / variant per repetition, geometric mean over models; without torch.compile if quick."""
    # Few repetitions: one call of the U-Net on 256 images takes a second.
    repetitions, budget = QUICK_REPETITIONS, 0.1 if quick else 0.3
    names = _QUICK if quick else tuple(_MODELS)
    rows: list[list[str | float | int | bool]] = []
    notes: set[str] = set()
    differences = [0.0]
    by_batch: dict[int, list[list[float]]] = {batch: [] for batch in _BATCHES}
    compiled_by_batch: dict[int, list[list[float]]] = {batch: [] for batch in _BATCHES}
    with warnings.catch_warnings(), one_thread(), torch.inference_mode(False), torch.no_grad():
        for name in names:
            model, shape, outputs, arguments = _MODELS[name]
            eager = network(model, "relu", shape, outputs, 0, **arguments).eval()
            for batch in _BATCHES:
                inputs = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
                expected = eager(inputs)
                variants: dict[str, Callable[[Tensor], Tensor]] = {"eager": eager}
                traced, said = _traced(eager, inputs)
                variants["traced"] = traced
                notes |= said
                cost = float("nan")
                if not quick:
                    compiled, cost_or_error = _compiled(eager, inputs)
                    if compiled is None:
                        notes.add(f"torch.compile did not work here: {cost_or_error}.")
                    else:
                        variants["compiled"], cost = compiled, float(cost_or_error)
                for variant in variants.values():
                    differences.append(float((variant(inputs) - expected).abs().max()))
                times = alternating(
                    {key: _call(variant, inputs) for key, variant in variants.items()}, repetitions, budget
                )
                gain = ratios(times["eager"], times["traced"])
                by_batch[batch].append(gain)
                row: list[str | float | int | bool] = [
                    name,
                    batch,
                    1e3 * geometric_mean(times["eager"]),
                    geometric_mean(gain),
                ]
                if "compiled" in times:
                    gain = ratios(times["eager"], times["compiled"])
                    compiled_by_batch[batch].append(gain)
                    row += [geometric_mean(gain), cost]
                else:
                    row += [float("nan"), float("nan")]
                rows.append(row)
    quantities: dict[str, float | list[float]] = {"largest_difference": max(differences)}
    for word, gains in (("traced", by_batch), ("compiled", compiled_by_batch)):
        for batch, per_model in gains.items():
            if per_model:
                quantities[f"{word}_speedup_batch_{batch}"] = [
                    geometric_mean(list(repetition)) for repetition in zip(*per_model, strict=True)
                ]
    return CheckResult(
        quantities=quantities,
        tables=[
            Table(
                "Inference on one CPU thread: eager time, and how many times faster the others are",
                ["model", "batch", "eager, ms", "traced + frozen", "torch.compile", "its preparation, s"],
                rows,
            )
        ],
        notes=[
            "Traced is torch.jit.trace and torch.jit.optimize_for_inference, which freezes.",
            *(["--quick leaves out torch.compile and three of the five models."] if quick else []),
            *sorted(notes),
        ],
    )


def _traced(eager: nn.Module, inputs: Tensor) -> tuple[Callable[[Tensor], Tensor], set[str]]:
    """The traced and frozen network after its warm-up, and torch's warnings that tracing is deprecated."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        traced = torch.jit.optimize_for_inference(torch.jit.trace(eager, inputs))
        for _ in range(3):  # TorchScript specialises in its first calls
            traced(inputs)
    said = {
        f"torch {torch.__version__.partition('+')[0]} says: “{first_line(warning.message)}”."  # type: ignore[arg-type]
        for warning in caught
        if "deprecated" in str(warning.message)
    }
    return traced, said or {f"torch {torch.__version__.partition('+')[0]} does not warn about tracing."}


def _compiled(eager: nn.Module, inputs: Tensor) -> tuple[Callable[[Tensor], Tensor] | None, float | str]:
    """The compiled network and the seconds it took to prepare; None and the reason if it does not work."""
    # silences the warning that this machine lacks CUDA, which is not needed here
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    started = time.perf_counter()
    compiled = torch.compile(eager, dynamic=False)
    try:
        compiled(inputs)
    except Exception as error:  # no C++ compiler, or a Python that it does not support
        return None, f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
    return compiled, time.perf_counter() - started


def _call(variant: Callable[[Tensor], Tensor], inputs: Tensor) -> Callable[[], object]:
    return lambda: variant(inputs)
