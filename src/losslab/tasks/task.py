"""A task: three fixed splits of one data set, and the kind of its targets.

Where the data come from is in `sources/`, how they are split in `splits.py`, what a kind of target means
in `kinds/`, what a run's seed does to the training split in `corruption.py`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping

import torch
from torch import Tensor

from losslab.config.instantiation import make
from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.corruption import corrupted, imbalanced
from losslab.tasks.heads import Head
from losslab.tasks.kinds import Kind, kind_named
from losslab.tasks.scaling import Scaling
from losslab.tasks.sources import Raw
from losslab.tasks.sources.own import from_user
from losslab.tasks.split import Samples, Split
from losslab.tasks.splits import split_indices

SPLITS = ("train", "validation", "test")


@dataclasses.dataclass
class Task:
    """The data of a task and its operations.

    Attributes:
        name: as chosen on the command line.
        kind: what the targets are, and how outputs are evaluated.
        splits: "train", "validation", "test"; all share the same tensors.
        input_shape: shape of one input, e.g. (1, 28, 28).
        settings: the settings that it was loaded from.
    """

    name: str
    kind: Kind
    splits: dict[str, Split]
    input_shape: tuple[int, ...]
    settings: TaskSettings
    _raw: Raw = dataclasses.field(repr=False)
    _indices: dict[str, Tensor] = dataclasses.field(repr=False)
    _scaling: Scaling = dataclasses.field(repr=False)
    # Shared with the tasks of `for_seed`: inputs are on a device once, for any number of runs.
    _inputs_on: dict[torch.device, Tensor] = dataclasses.field(default_factory=dict, repr=False)

    def for_seed(self, seed: int) -> Task:
        """The task of a run with this seed: with corrupted labels and rare classes, if the settings say so.

        Inputs are shared, not copied. Raises UserError if `corruption` or `imbalanced` do not fit the task.
        """
        targets, indices = self._raw.targets, self._indices
        if self.settings.imbalanced:
            kept = imbalanced(targets, indices["train"], self.settings.imbalanced, self.kind, seed)
            indices = {**indices, "train": kept}
        targets = corrupted(targets, indices["train"], self.settings.corruption, self.kind, seed)
        if targets is self._raw.targets and indices is self._indices:
            return self
        kind = self.kind.fitted(targets[indices["train"]])
        raw = dataclasses.replace(self._raw, targets=targets)
        splits = _splits(raw, indices, self._scaling)
        return dataclasses.replace(self, kind=kind, splits=splits, _raw=raw, _indices=indices)

    def with_head(self, head: Head | None) -> Task:
        """The task for a loss that needs this head; None for the kind's own outputs."""
        return self if head is None else dataclasses.replace(self, kind=self.kind.with_head(head))

    @property
    def training_targets(self) -> Tensor:
        """(N, ...) as the task's kind describes them."""
        return self._raw.targets[self._indices["train"]]

    def on(self, device: torch.device) -> dict[str, Split]:
        """The splits on `device`; the inputs stay there for the next run of a sweep."""
        inputs = self._raw.inputs
        if inputs is None or self.splits["train"].inputs is None:
            return self.splits
        if device not in self._inputs_on:
            self._inputs_on[device] = inputs.to(device)
        raw = dataclasses.replace(
            self._raw, inputs=self._inputs_on[device], targets=self._raw.targets.to(device)
        )
        indices = {name: part.to(device) for name, part in self._indices.items()}
        return _splits(raw, indices, self._scaling.to(device))


def load_task(settings: TaskSettings, name: str) -> Task:
    """The task that `settings` describe.

    The last task is kept in memory, so that the runs of a sweep share one copy of the data.
    Raises UserError if the data are missing, damaged, or do not fit the settings.
    """
    return _load(settings.model_dump_json(exclude_unset=True), name)


@functools.lru_cache(maxsize=1)
def _load(settings_text: str, name: str) -> Task:
    settings = TaskSettings.model_validate_json(settings_text)
    raw = make(settings.source, where=f"task={name}")
    if not isinstance(raw, Raw):
        raw = from_user(raw, where=f"task.source={settings.source.target}")
    if len(raw) == 0:
        raise UserError(f"task={name} has no samples")
    kind = kind_named(settings.kind).from_config(settings, raw)
    raw = kind.select(raw)
    indices = split_indices(raw, kind, settings.split)
    if empty := [split for split in SPLITS if len(indices[split]) == 0]:
        raise UserError(f"task={name} has no {empty[0]} samples: give task.split.{empty[0]} a larger share")
    raw = raw.encoded(indices["train"])
    scaling = Scaling.fit(settings.scaling, raw, indices["train"])
    if settings.in_memory:
        raw.inputs, raw.dataset = raw.all_inputs(), None
        if raw.inputs.dtype != torch.uint8:  # bytes take a quarter of the memory
            raw.inputs = scaling(raw.inputs)
    elif raw.dataset is None:
        raw.inputs, raw.dataset = None, Samples(raw.all_inputs(), raw.targets, torch.arange(len(raw)))
    splits = _splits(raw, indices, scaling)
    sample, _ = splits["train"].sample(1)
    kind = kind.fitted(raw.targets[indices["train"]])
    return Task(name, kind, splits, tuple(sample.shape[1:]), settings, raw, indices, scaling)


def _splits(raw: Raw, indices: Mapping[str, Tensor], scaling: Scaling) -> dict[str, Split]:
    if raw.dataset is not None:
        return {
            name: Split(
                dataset=Samples(raw.dataset, raw.targets, part),
                scaling=scaling,
                augmentation=raw.augmentation if name == "train" else None,
            )
            for name, part in indices.items()
        }
    return {
        name: Split(
            inputs=raw.inputs,
            targets=raw.targets,
            indices=part,
            scaling=scaling,
            augmentation=raw.augmentation if name == "train" else None,
        )
        for name, part in indices.items()
    }
