"""A task as the learner sees it: three fixed splits of one data set, and the kind of its targets.

Where the data come from is in `sources.py`, how they are split in `splits.py`, what a kind of target means
in `kinds/`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from losslab.errors import UserError
from losslab.instantiation import make
from losslab.tasks.kinds import Kind, kind_named
from losslab.tasks.scaling import Scaling
from losslab.tasks.sources import Raw
from losslab.tasks.splits import split_indices

SPLITS = ("train", "validation", "test")


@dataclasses.dataclass
class Split:
    """Samples of one split, either as tensors or, where they do not fit into memory, as a Dataset.

    Attributes:
        inputs: (N, ...) float32, scaled; None where `dataset` is used.
        targets: (N, ...) as the task's kind describes them; None where `dataset` is used.
        dataset: yields (input, target), unscaled.
        scaling: applied to each batch that comes from `dataset`.
    """

    inputs: Tensor | None = None
    targets: Tensor | None = None
    dataset: Dataset[Any] | None = None
    scaling: Scaling | None = None

    def __len__(self) -> int:
        return len(self.inputs if self.inputs is not None else self.dataset)  # type: ignore[arg-type]

    def to(self, device: torch.device) -> Split:
        if self.inputs is None or self.targets is None:
            return self
        return dataclasses.replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))

    def head(self, count: int) -> tuple[Tensor, Tensor]:
        """The first `count` samples as (inputs, targets), scaled, on the split's device."""
        if self.inputs is not None and self.targets is not None:
            return self.inputs[:count], self.targets[:count]
        assert self.dataset is not None
        samples = [self.dataset[index] for index in range(min(count, len(self)))]
        inputs = torch.stack([torch.as_tensor(sample[0]) for sample in samples])
        targets = torch.stack([torch.as_tensor(sample[1]) for sample in samples])
        return self.prepare(inputs), targets

    def prepare(self, inputs: Tensor) -> Tensor:
        """A batch from `dataset` as the network is fed: bytes stand for [0, 1], then the task's scaling."""
        if inputs.dtype == torch.uint8:
            inputs = inputs.float().div_(255)
        return self.scaling(inputs) if self.scaling is not None else inputs


@dataclasses.dataclass
class Task:
    """The data of a task and what may be done with them.

    Attributes:
        name: as chosen on the command line.
        kind: what the targets are, how outputs are judged.
        splits: "train", "validation", "test".
        input_shape: shape of one input, e.g. (1, 28, 28).
    """

    name: str
    kind: Kind
    splits: dict[str, Split]
    input_shape: tuple[int, ...]
    _copies: dict[torch.device, dict[str, Split]] = dataclasses.field(default_factory=dict, repr=False)

    def on(self, device: torch.device) -> dict[str, Split]:
        """The splits on `device`; the copy stays there for the next run of a sweep."""
        if device not in self._copies:
            self._copies[device] = {name: split.to(device) for name, split in self.splits.items()}
        return self._copies[device]


def load_task(config: Mapping[str, Any], name: str) -> Task:
    """The task described by the resolved `config` of the group `task`.

    The last task stays in memory: the runs of a sweep share one copy of the data.
    Raises UserError where the data are missing, damaged, or do not fit the config.
    """
    return _load(json.dumps(config, sort_keys=True, default=str), name)


@functools.lru_cache(maxsize=1)
def _load(config_text: str, name: str) -> Task:
    config = json.loads(config_text)
    raw = make(config["source"], where=f"task={name}")
    if not isinstance(raw, Raw):
        raw = Raw.from_user(raw, where=f"task.source={config['source'].get('_target_')}")
    kind = kind_named(config["kind"]).from_config(config, raw)
    raw = kind.select(raw)
    indices = split_indices(raw, kind, **config["split"])
    scaling = Scaling.fit(config["scaling"], raw, indices["train"])
    hold = _in_memory if config["in_memory"] else _from_dataset
    splits = {split: hold(raw, indices[split], scaling) for split in SPLITS}
    if empty := [split for split in SPLITS if len(splits[split]) == 0]:
        raise UserError(f"task={name} has no {empty[0]} samples: give task.split.{empty[0]} a larger share")
    sample, _ = splits["train"].head(1)
    return Task(name, kind, splits, tuple(sample.shape[1:]))


def training_targets(task: Task) -> Tensor:
    """All targets of the training split, (N, ...); reads a Dataset from end to end."""
    split = task.splits["train"]
    return split.targets if split.targets is not None else split.head(len(split))[1]


def _in_memory(raw: Raw, indices: Tensor, scaling: Scaling) -> Split:
    inputs, targets = raw.gather(indices)
    return Split(inputs=scaling(inputs), targets=targets)


def _from_dataset(raw: Raw, indices: Tensor, scaling: Scaling) -> Split:
    if raw.dataset is not None:
        dataset: Dataset[Any] = torch.utils.data.Subset(raw.dataset, indices.tolist())
    else:
        assert raw.inputs is not None
        dataset = torch.utils.data.Subset(TensorDataset(raw.inputs, raw.targets), indices.tolist())
    return Split(dataset=dataset, scaling=scaling)
