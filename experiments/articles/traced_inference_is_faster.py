"""Inference in eager mode, traced and optimised by TorchScript, and with torch.compile."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from losslab.claims.check_result import CheckResult, Table
from losslab.claims.tools.networks import network
from losslab.claims.tools.timing import (
    alternating,
    geometric_mean,
    how_repeated,
    median_ratio,
    one_thread,
    over_processes,
)
from losslab.errors import first_line

_BATCHES = (1, 64)
# The default network of mnist, the other one for images, and the U-Net on the smallest images that it takes.
_MODELS: dict[str, tuple[str, tuple[int, ...], int, dict[str, Any]]] = {
    "mlp": ("mlp", (1, 28, 28), 10, {"hidden": [128]}),
    "cnn": ("cnn", (1, 28, 28), 10, {}),
    "unet": ("unet", (1, 32, 32), 1, {}),
}
_QUICK = ("mlp", "cnn")


def measure(quick: bool) -> CheckResult:
    """How many times faster than eager, one CPU thread; torch.compile in one process, and not if quick."""
    speedups = over_processes(once, quick)
    rows: list[list[str | float | int | bool]] = []
    notes: set[str] = set()
    differences = []
    for name in _QUICK if quick else _MODELS:
        for batch in _BATCHES:
            eager, inputs = _case(name, batch)
            with _inference():
                traced, said = _traced(eager, inputs)
                differences.append(float((traced(inputs) - eager(inputs)).abs().max()))
                compiled: tuple[float, float] = (float("nan"), float("nan"))
                if not quick:
                    try:
                        compiled = _compiled_speedup(eager, inputs)
                    except Exception as error:  # no C++ compiler, or a Python that it does not support
                        notes.add(f"torch.compile did not work here: {type(error).__name__}.")
            notes |= said
            rows.append([name, batch, geometric_mean(speedups[f"{name}_batch_{batch}_speedup"]), *compiled])
    return CheckResult(
        quantities={**speedups, "largest_difference": max(differences)},
        tables=[
            Table(
                "Inference: how many times faster than eager",
                ["model", "batch", "traced + frozen", "torch.compile", "its preparation, s"],
                rows,
            )
        ],
        notes=[
            "Traced is torch.jit.trace and torch.jit.optimize_for_inference, which freezes.",
            *(["--quick leaves out torch.compile and the U-Net."] if quick else []),
            *sorted(notes),
            how_repeated(quick),
        ],
    )


def once(quick: bool) -> dict[str, float]:
    """The speed-ups of tracing in this process."""
    found = {}
    for name in _QUICK if quick else _MODELS:
        for batch in _BATCHES:
            eager, inputs = _case(name, batch)
            with _inference():
                traced, _ = _traced(eager, inputs)
                times = alternating({"eager": _call(eager, inputs), "traced": _call(traced, inputs)}, quick)
            found[f"{name}_batch_{batch}_speedup"] = median_ratio(times["eager"], times["traced"])
    return found


def _case(name: str, batch: int) -> tuple[nn.Module, Tensor]:
    model, shape, outputs, arguments = _MODELS[name]
    inputs = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(0))
    return network(model, "relu", shape, outputs, 0, **arguments).eval(), inputs


@contextlib.contextmanager
def _inference() -> Iterator[None]:
    with warnings.catch_warnings(), one_thread(), torch.no_grad():
        yield


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


def _compiled_speedup(eager: nn.Module, inputs: Tensor) -> tuple[float, float]:
    """How many times faster the compiled network is, and the seconds that its preparation takes."""
    # silences the warning that this machine lacks CUDA, which is not needed here
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    started = time.perf_counter()
    compiled = torch.compile(eager, dynamic=False)
    compiled(inputs)
    cost = time.perf_counter() - started
    times = alternating({"eager": _call(eager, inputs), "compiled": _call(compiled, inputs)}, quick=False)
    return median_ratio(times["eager"], times["compiled"]), cost


def _call(variant: Callable[[Tensor], Tensor], inputs: Tensor) -> Callable[[], object]:
    return lambda: variant(inputs)
