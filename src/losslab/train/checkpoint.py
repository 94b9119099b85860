"""What a run needs to continue where it stopped, with the same result to the last digit.

State dicts and plain numbers only, loaded with `weights_only=True`, so that no code runs from it.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import pickle
import random
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from losslab import records
from losslab.errors import UserError, first_line
from losslab.look.watcher import Training, Watcher

FILE = "checkpoint.pt"
SCHEMA_VERSION = 3
LARGEST_SHARE = 0.02  # of a run's time may be spent on saving


class Checkpoint(Watcher):
    """`checkpoint.pt` in a run's folder: written at evaluations and ends of epochs, removed at the end.

    It is the last watcher: what it saves must be complete, and what it restores must not be overwritten.

    Args:
        identity: of the run; the checkpoint of another run is refused.
        clock: `time.perf_counter()` at the start of the run.
        steps_per_epoch: optimiser steps.
        last_step: the run's last optimiser step.
        only_at_epochs: if the random numbers within an epoch cannot be restored.

    Raises UserError, and changes nothing, if there is a checkpoint that cannot be continued.
    """

    def __init__(
        self,
        folder: Path,
        identity: str,
        clock: float,
        *,
        steps_per_epoch: int,
        last_step: int,
        only_at_epochs: bool = False,
    ) -> None:
        self.path = folder / FILE
        self.steps_per_epoch = steps_per_epoch
        self.last_step = last_step
        self.only_at_epochs = only_at_epochs
        self.keeps: Mapping[str, Watcher] = {}
        """The watchers whose state is kept, by name."""
        self._header = {
            "schema_version": SCHEMA_VERSION,
            "identity": identity,
            "torch": str(torch.__version__),
        }
        self._clock = clock
        self._saved_at = clock
        self._cost = 0.0
        self._given_up = False
        self._state = self._load() if self.path.exists() else None

    @property
    def step(self) -> int:
        """Optimiser steps when it was written; 0 if there is no checkpoint."""
        return 0 if self._state is None else self._state["step"]

    @property
    def seconds(self) -> float:
        """Seconds that the run took until then."""
        return 0.0 if self._state is None else self._state["seconds"]

    def check_fits(self, network: nn.Module, criterion: nn.Module) -> None:
        """Raises UserError if the user's own code has changed since the checkpoint was written."""
        if self._state is None:
            return
        for name, module in (("network", network), ("criterion", criterion)):
            shapes = [
                {key: tuple(value.shape) for key, value in state.items() if isinstance(value, torch.Tensor)}
                for state in (self._state[name], module.state_dict())
            ]
            if shapes[0] != shapes[1]:
                raise UserError(
                    f"{self.path} does not fit this run: its {name} has other parameters; delete it to "
                    "train the run from its start"
                )

    def started(self, training: Training) -> None:
        """Restores the state of training and watchers."""
        state = self._state
        if state is None:
            return
        assert training.optimizer is not None
        training.network.load_state_dict(state["network"])
        training.criterion.load_state_dict(state["criterion"])
        training.optimizer.load_state_dict(state["optimizer"])
        if training.scheduler is not None:
            training.scheduler.load_state_dict(state["scheduler"])
        training.step, training.seconds = state["step"], state["training_seconds"]
        training.logbook.load_state_dict(state["logbook"])
        for name, watcher in self.keeps.items():
            if kept := state["watchers"].get(name):
                watcher.load_state_dict(_moved(kept, training.device))
        _set_random_state(state["random"])

    def between_steps(self, training: Training) -> None:
        """Writes it at an evaluation or the end of an epoch, unless that would take too much time.

        If the checkpoint cannot be written, the run continues without it.
        """
        ends_epoch = training.step % self.steps_per_epoch == 0
        evaluated = training.evaluations.due(training.step) and not self.only_at_epochs
        now = time.perf_counter()
        too_early = now - self._saved_at < self._cost / LARGEST_SHARE
        if self._given_up or too_early or not (ends_epoch or evaluated) or training.step >= self.last_step:
            return
        try:
            state = self._state_of(training, now - self._clock + self.seconds)
            records.write_atomically(self.path, lambda file: torch.save(state, file))
        except Exception as error:
            self._given_up = True
            training.logbook.errors.note(f"saving {self.path.name}", error)
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - now

    def _state_of(self, training: Training, seconds: float) -> dict[str, Any]:
        assert training.optimizer is not None
        return {
            **self._header,
            "seconds": seconds,
            "network": training.network.state_dict(),
            "criterion": training.criterion.state_dict(),
            "optimizer": training.optimizer.state_dict(),
            "scheduler": None if training.scheduler is None else training.scheduler.state_dict(),
            "step": training.step,
            "training_seconds": training.seconds,
            "logbook": training.logbook.state_dict(),
            "watchers": {name: watcher.state_dict() for name, watcher in self.keeps.items()},
            "random": _random_state(),
        }

    def _load(self) -> dict[str, Any]:
        to_do = "delete it to train the run from its start"
        try:
            with zipfile.ZipFile(self.path) as archive:
                damaged = archive.testzip()  # torch itself does not verify the checksums
            if damaged is not None:
                raise ValueError(f"the checksum of {damaged} is wrong")
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            header = {key: state[key] for key in self._header}
            if header == self._header:
                _check_complete(state)
        except pickle.UnpicklingError:
            raise UserError(
                f"{self.path} holds more than tensors and numbers and is not read: {to_do}"
            ) from None
        except Exception as error:
            raise UserError(
                f"{self.path} is not a checkpoint, or is truncated or damaged ({first_line(error)}): {to_do}"
            ) from None
        if header["identity"] != self._header["identity"]:
            raise UserError(
                f"{self.path} belongs to a run with another config: {to_do}, or choose another folder"
            )
        if header != self._header:
            raise UserError(
                f"{self.path} was written by torch {header['torch']} with schema {header['schema_version']}, "
                f"this is torch {self._header['torch']} with schema {SCHEMA_VERSION}: "
                f"continue with those, or "
                f"{to_do}"
            )
        return state


# What a checkpoint holds besides its header.
_PARTS: dict[str, type | tuple[type, ...]] = {
    "seconds": float,
    "network": dict,
    "criterion": dict,
    "optimizer": dict,
    "scheduler": (dict, type(None)),
    "step": int,
    "training_seconds": float,
    "logbook": dict,
    "watchers": dict,
    "random": dict,
}


def _check_complete(state: Mapping[str, Any]) -> None:
    """Raises ValueError if a part is missing or of another type: the file was edited."""
    for name, kind in _PARTS.items():
        if name not in state or not isinstance(state[name], kind):
            raise ValueError(f"its {name} is missing or wrong")


def _moved(state: Any, device: torch.device) -> Any:
    """`state` with its tensors on `device`: they were read into main memory."""
    if isinstance(state, torch.Tensor):
        return state.to(device)
    if isinstance(state, dict):
        return {key: _moved(value, device) for key, value in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_moved(value, device) for value in state)
    return state


def _random_state() -> dict[str, Any]:
    kind, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  (the user's code may use it)
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(np.asarray(keys, dtype=np.int64)), position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def _set_random_state(state: dict[str, Any]) -> None:
    kind, keys, *rest = state["numpy"]
    random.setstate(state["python"])
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
