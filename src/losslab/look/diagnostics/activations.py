"""Outputs of the hidden activations, layer by layer: their spread, saturation and dead units."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from losslab.look.diagnostics import histogram
from losslab.look.diagnostics.base import Diagnostic
from losslab.look.diagnostics.layers import weight_layers
from losslab.look.watcher import Training

# Within 5 % of a bound a sigmoid's or a tanh's derivative is below a fifth of its largest.
NEAR_BOUND = 0.05


@dataclasses.dataclass(frozen=True)
class Shape:
    """The properties of an activation function that matter here, found by evaluating it.

    Attributes:
        bounds: lower and upper, if it flattens out on both sides (sigmoid, tanh), else None.
        has_zeros: whether a whole range of inputs gives exactly zero (ReLU), so that units can die.
    """

    bounds: tuple[float, float] | None
    has_zeros: bool

    @classmethod
    def of(cls, activation: nn.Module, device: torch.device) -> Shape:
        points = torch.tensor([-200.0, -100.0, -2.0, -1.0, 100.0, 200.0], device=device).unsqueeze(1)
        try:
            with torch.random.fork_rng(), torch.no_grad():  # RReLU draws random numbers
                lower, low, before, at, high, upper = activation(points.clone()).flatten().tolist()
        except Exception:  # some accept only their layer's width, or are not elementwise
            return cls(None, False)
        flat = lower < upper and abs(lower - low) < 1e-6 and abs(upper - high) < 1e-6
        return cls((lower, upper) if flat else None, before == at == 0.0)


def is_activation(module: nn.Module) -> bool:
    """torch's activation modules, and the user's own modules without submodules and weight matrix."""
    if any(True for _ in module.children()) or any(parameter.ndim > 1 for parameter in module.parameters()):
        return False
    home = type(module).__module__
    return home == "torch.nn.modules.activation" or not home.startswith("torch.")


@contextlib.contextmanager
def watching(network: nn.Module, see: Callable[[str, nn.Module, Tensor], None]) -> Iterator[None]:
    """Calls `see(label, module, output)` at each activation's output; `label` is that of the layer before it.

    Activations before the first layer are left out; one layer's second activation is "layer_1.2".
    """
    with contextlib.ExitStack() as stack:
        for handle in attach(network, see):
            stack.callback(handle.remove)
        yield


def attach(network: nn.Module, see: Callable[[str, nn.Module, Tensor], None]) -> list[Any]:
    """As `watching`; the caller removes the handles."""
    current = ""
    counts: dict[str, int] = {}

    def enter(module: nn.Module, inputs: Any) -> None:
        nonlocal current
        current = ""
        counts.clear()

    def passed(label: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            nonlocal current
            current = label

        return hook

    def look(module: nn.Module, inputs: Any, output: Any) -> None:
        if current and isinstance(output, Tensor) and output.is_floating_point() and output.ndim > 1:
            counts[current] = counts.get(current, 0) + 1
            label = current if counts[current] == 1 else f"{current}.{counts[current]}"
            see(label, module, output)

    handles: list[Any] = [network.register_forward_pre_hook(enter)]
    handles += [layer.module.register_forward_hook(passed(layer.label)) for layer in weight_layers(network)]
    handles += [module.register_forward_hook(look) for module in network.modules() if is_activation(module)]
    return handles


class Activations(Diagnostic):
    """Scalars of each layer's activation outputs on the mini-batch, and at the end on all validation data.

    - `activation_mean/LAYER`, `activation_std/LAYER`
    - `activation_saturated_share/LAYER`: outputs within 5 % of a bound, if there are two (sigmoid, tanh)
    - `activation_zero_share/LAYER`: outputs that are exactly 0, for functions with a zero side (ReLU)
    - `activation_dead_share/LAYER`: units (channels) that are 0 for every sample of the mini-batch
    - `validation_dead_share/LAYER`, `validation_saturated_share/LAYER`: at the end, over all validation data

    Histograms `activations/LAYER` at step 1 and every `histograms_every_n_steps`; null for none.
    """

    def __init__(self, every_n_steps: int, histograms_every_n_steps: int | None, early: bool = False) -> None:
        super().__init__(every_n_steps, early)
        self.histograms_every_n_steps = histograms_every_n_steps
        self._shapes: dict[int, Shape] = {}
        self._handles: list[Any] = []

    def started(self, training: Training) -> None:
        self._shapes = {
            id(module): Shape.of(module, training.device)
            for module in training.network.modules()
            if is_activation(module)
        }

    def before_forward(self, training: Training, step: int) -> None:
        every = self.histograms_every_n_steps
        with_histogram = every is not None and (step == 1 or step % every == 0)
        self._seen: dict[str, dict[str, Tensor]] = {}
        self._histograms: dict[str, Tensor] = {}

        @torch.no_grad()
        def see(label: str, module: nn.Module, output: Tensor) -> None:
            # now, because the next module may overwrite its input
            self._seen[label] = _facts(output.float(), self._shapes[id(module)])
            if with_histogram:
                self._histograms[f"activations/{label}"] = histogram.summarise(output)

        self._handles = attach(training.network, self.hook(see))

    def after_backward(self, training: Training, step: int) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if not self._seen:
            return
        keys = [(quantity, label) for label, facts in self._seen.items() for quantity in facts]
        values = torch.stack([self._seen[label][quantity] for quantity, label in keys]).tolist()
        by_quantity: dict[str, dict[str, float]] = {}
        for (quantity, label), value in zip(keys, values, strict=True):
            by_quantity.setdefault(quantity, {})[label] = value
        for quantity, layers in by_quantity.items():
            training.logbook.measure(step, f"activation_{quantity}", layers)
        histogram.write(training.logbook.writer, step, self._histograms)

    def finished(self, training: Training) -> None:
        dead, saturated = self._over_validation(training)
        for quantity, layers in (("dead_share", dead), ("saturated_share", saturated)):
            if layers:
                training.logbook.measure(training.step, f"validation_{quantity}", layers)

    @torch.no_grad()
    def _over_validation(self, training: Training) -> tuple[dict[str, float], dict[str, float]]:
        """Shares of dead units, and of saturated outputs, by layer."""
        silent: dict[str, Tensor] = {}
        saturated: dict[str, list[Tensor]] = {}

        def see(label: str, module: nn.Module, output: Tensor) -> None:
            shape = self._shapes[id(module)]
            if shape.has_zeros:
                zero = _silent_units(output)
                silent[label] = silent[label] & zero if label in silent else zero
            if shape.bounds:
                saturated.setdefault(label, []).append(_saturated(output.float(), shape.bounds))

        network, mode = training.network, training.network.training
        network.eval()
        with watching(network, see):
            for inputs, _ in training.batches("validation"):
                network(inputs)
        network.train(mode)
        return (
            {label: units.float().mean().item() for label, units in silent.items()},
            {label: torch.stack(shares).mean().item() for label, shares in saturated.items()},
        )


def _facts(output: Tensor, shape: Shape) -> dict[str, Tensor]:
    facts = {"mean": output.mean(), "std": output.std(correction=0)}
    if shape.bounds:
        facts["saturated_share"] = _saturated(output, shape.bounds)
    if shape.has_zeros:
        facts["zero_share"] = (output == 0).float().mean()
        facts["dead_share"] = _silent_units(output).float().mean()
    return facts


def _silent_units(output: Tensor) -> Tensor:
    """(N, U, ...) to (U,) bool: units or channels that are 0 in every sample and position."""
    return (output == 0).transpose(0, 1).flatten(1).all(dim=1)


def _saturated(output: Tensor, bounds: tuple[float, float]) -> Tensor:
    low, high = bounds
    margin = NEAR_BOUND * (high - low)
    return ((output < low + margin) | (output > high - margin)).float().mean()
