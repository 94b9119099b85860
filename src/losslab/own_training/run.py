"""`Run`: what the user's training function is given: the loss, the seed, and a place for its curves."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import nn

from losslab.look.logbook import Logbook
from losslab.own_training import results
from losslab.own_training.fingerprints import digest

FIRST_BATCHES = 3  # their content is enough to tell whether two runs see the same data in the same order


class Run:
    """One training: a loss with a seed.

    Attributes:
        loss: the loss to train with, made anew for this run.
        seed: Python, NumPy and torch are seeded with it already; for what has a generator of its own.
        params: the values of this run for the keys of `tune`; empty without `tune`.
        folder: the run's own folder, for files of the training.
        tuning: whether this run only serves to choose `params`. Test metrics of such a run are dropped.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        seed: int,
        params: Mapping[str, Any],
        folder: Path,
        tuning: bool,
        logbook: Logbook,
    ) -> None:
        self.loss = loss
        self.seed = seed
        self.folder = folder
        self.tuning = tuning
        self.params: Mapping[str, Any] = MappingProxyType(dict(params))
        self.steps = 0
        self.parameters: int | None = None
        self._logbook = logbook
        self._weights = ""
        self._batches: list[str] = []
        self._began = time.perf_counter()

    def log(self, step: int, **values: Any) -> None:
        """Adds a point to curves: `run.log(step, loss=0.3, val_accuracy=0.9)`.

        Args:
            step: optimiser steps done so far, from 0. A validation metric at step 0 is the untrained
                network's, and what a run that diverges counts with.
            values: numbers, or tensors of one element. `val_` and `test_` before a name say the split,
                without them it is the training data; `**{"val/accuracy": 0.9}` does the same.

        Raises UserError for a value that is not a number.
        """
        by_split: dict[str, dict[str, float]] = {}
        for key, value in values.items():
            split, name = results.split_and_name(key, default=results.TRAIN)
            by_split.setdefault(split, {})[name] = results.number(value, f"run.log({step}, {key}=…)")
        for split, numbers in by_split.items():
            if not (self.tuning and split == results.TEST):
                self._logbook.add(int(step), time.perf_counter() - self._began, split, numbers)
        self.steps = max(self.steps, int(step))

    def measure(self, step: int, quantity: str, values: Mapping[str, float]) -> None:
        """Adds numbers of layers to diagnostics.csv, such as (100, "gradient_norm", {"all": 0.2})."""
        self._logbook.measure(int(step), quantity, {layer: float(value) for layer, value in values.items()})
        self.steps = max(self.steps, int(step))

    def fingerprint(self, model: nn.Module, batch: Any = None) -> None:
        """Notes which weights and which data the training starts with, for `study.pairing`.

        Call it before the first optimiser step, or in each step before the forward pass: only the weights of
        the first call and the first batches count, later calls return at once.

        Args:
            batch: of any form: tensors, arrays, numbers and texts in tuples, lists and dicts.
        """
        if not self._weights:
            # a loss kept in the model is what differs between arms, not what they share
            losses = tuple(f"{name}." for name, module in model.named_modules() if module is self.loss)
            self._weights = digest(
                {name: value for name, value in model.state_dict().items() if not name.startswith(losses)}
            )
            self.parameters = sum(parameter.numel() for parameter in model.parameters())
        if batch is not None and len(self._batches) < FIRST_BATCHES:
            self._batches.append(digest(batch))

    @property
    def fingerprints(self) -> dict[str, str]:
        """For the record: "weights" and "batches", as far as they are known."""
        found = {"weights": self._weights, "batches": " ".join(self._batches)}
        return {name: content for name, content in found.items() if content}
