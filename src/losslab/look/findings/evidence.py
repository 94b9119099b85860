"""What rules are given, and what they return."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from losslab.records import Record

if TYPE_CHECKING:
    from losslab.losses.criterion import Criterion
    from losslab.losses.terms import WeightedSum
    from losslab.tasks import Task

PROBLEM, NOTE = "problem", "note"
IDEAL_FORMS = ("one_hot", "multi_hot", "mask")  # target forms of zeros and ones, shaped like the outputs


@dataclasses.dataclass
class Finding:
    """One sentence about a run.

    Attributes:
        text: what was found, with its numbers.
        severity: PROBLEM, or NOTE for what is worth knowing but may be intended.
        numbers: those of the text, by name, unrounded.
        source: the paper or page behind the rule.
    """

    text: str
    numbers: dict[str, float]
    source: str
    severity: str = PROBLEM


@dataclasses.dataclass
class Evidence:
    """All that is known about a run that has ended in any way.

    Attributes:
        record: with its status, steps and config; without findings yet.
        curves: one row per value: step, seconds, split, metric, value.
        measurements: one row per number: step, quantity, layer, value; empty with diagnostics=off.
        floor: the lowest value that the criterion reaches with perfect outputs; None if unknown.
        changed_settings: torch's global settings that the run changed, see `losslab.support.torch_settings`.
    """

    record: Record
    curves: pd.DataFrame
    measurements: pd.DataFrame
    floor: float | None = None
    changed_settings: list[str] = dataclasses.field(default_factory=list)

    def curve(self, split: str, metric: str) -> pd.Series:
        """Finite values of one curve, by step."""
        rows = self.curves[(self.curves["split"] == split) & (self.curves["metric"] == metric)]
        values = pd.Series(rows["value"].to_numpy(dtype=float), index=rows["step"].to_numpy(dtype=int))
        return values[[math.isfinite(value) for value in values]]

    def measured(self, quantity: str) -> pd.DataFrame:
        """A quantity's numbers: one row per step, one column per layer in the order of the network."""
        rows = self.measurements[self.measurements["quantity"] == quantity]
        layers = list(dict.fromkeys(rows["layer"]))
        table = rows.pivot_table(index="step", columns="layer", values="value", aggfunc="last", dropna=False)
        return table.reindex(columns=layers)


def loss_floor(criterion: Criterion | WeightedSum, task: Task, samples: int = 256) -> float | None:
    """The criterion's value for correct outputs, at the confidence that gives the lowest loss.

    Tried on the first validation samples, with raw outputs that equal the targets (ones and zeros), and with
    ±1, ±2, ±4, ... ±1024 in their place. None for other targets, or if the loss does not accept such outputs.
    """
    import torch  # here, because reports name findings without torch

    forms = task.kind.target_forms
    form = next((form for form in IDEAL_FORMS if form in forms), None)
    if form is None:
        return None
    _, targets = task.splits["validation"].sample(samples)
    ideal = task.kind.encode(targets, form).float()
    if tuple(ideal.shape) != task.kind.output_shape(targets):
        return None
    encoded = task.kind.encode(targets, criterion.form)
    device = next((parameter.device for parameter in criterion.parameters()), ideal.device)
    device = next((buffer.device for buffer in criterion.buffers()), device)
    values = []
    with torch.no_grad():
        signs = ideal * 2 - 1
        for outputs in [ideal, *(signs * 2.0**exponent for exponent in range(11))]:
            try:
                value = float(criterion(outputs.to(device), encoded.to(device)))
            except KeyboardInterrupt:
                raise
            except BaseException:  # the user's own loss may refuse outputs that no network would give
                return None
            if math.isfinite(value):
                values.append(value)
    return min(values, default=None)


def counted(layers: Any) -> str:
    """ "layer 2", "layers 1 and 2", "layers 1, 2 and 5" from labels like "layer_2"."""
    names = [str(layer).removeprefix("layer_") for layer in layers]
    if len(names) == 1:
        return f"layer {names[0]}"
    return f"layers {', '.join(names[:-1])} and {names[-1]}"
