"""What a run needs to go on where it was cut off, with the same result to the last digit.

State dicts and plain numbers only, loaded with `weights_only=True`, so that no code runs from it.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import pickle
import random
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from losslab import records
from losslab.errors import UserError, first_line

if TYPE_CHECKING:
    from losslab.train.learner import Learner

FILE = "checkpoint.pt"
SCHEMA_VERSION = 1
LARGEST_SHARE = 0.02  # of a run's time goes into saving


class Checkpoint:
    """`checkpoint.pt` in a run's folder: written at evaluations and ends of epochs, gone when the run is.

    Args:
        identity: of the run; a checkpoint of another one is refused.
        started: `time.perf_counter()` at the start of the run.

    Raises UserError where there is a checkpoint that cannot be continued; nothing is changed then.
    """

    def __init__(self, folder: Path, identity: str, started: float) -> None:
        self.path = folder / FILE
        self.steps_per_epoch = 0
        self.only_at_epochs = False
        self.last_step = 0  # nothing is left to be done after it
        self._header = {
            "schema_version": SCHEMA_VERSION,
            "identity": identity,
            "torch": str(torch.__version__),
        }
        self._started = started
        self._saved_at = started
        self._cost = 0.0
        self._given_up = False
        self._state = self._load() if self.path.exists() else None

    @property
    def step(self) -> int:
        """Optimiser steps that were done when it was written; 0 where there is none."""
        return 0 if self._state is None else self._state["learner"]["step"]

    @property
    def seconds(self) -> float:
        """What the run took until then."""
        return 0.0 if self._state is None else self._state["seconds"]

    def check_fits(self, network: nn.Module, criterion: nn.Module) -> None:
        """Raises UserError where a person's own code has changed since it was written."""
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

    def save_if_due(self, learner: Learner) -> None:
        """Write it at an evaluation or the end of an epoch, unless that would cost too much time.

        A checkpoint that cannot be written costs the run nothing but the checkpoint.
        """
        ends_epoch = learner.step % self.steps_per_epoch == 0
        evaluated = learner.step % learner.settings.eval_every == 0 and not self.only_at_epochs
        now = time.perf_counter()
        too_early = now - self._saved_at < self._cost / LARGEST_SHARE
        if self._given_up or too_early or not (ends_epoch or evaluated) or learner.step >= self.last_step:
            return
        try:
            state = self._state_of(learner, now - self._started + self.seconds)
            records.write_atomically(self.path, lambda file: torch.save(state, file))
        except Exception as error:
            self._given_up = True
            learner.logbook.mishaps.note(f"saving {self.path.name}", error)
        self._saved_at = time.perf_counter()
        self._cost = self._saved_at - now

    def restore(self, learner: Learner) -> bool:
        """Put the learner where it was, just before its first step; False where there is no checkpoint."""
        state = self._state
        if state is None:
            return False
        learner.network.load_state_dict(state["network"])
        learner.criterion.load_state_dict(state["criterion"])
        optimizer: Any = learner.optimizers(use_pl_optimizer=False)
        optimizer.load_state_dict(state["optimizer"])
        for callback in learner.trainer.callbacks:  # type: ignore[attr-defined]
            if callback.state_key in state["callbacks"]:
                callback.load_state_dict(state["callbacks"][callback.state_key])
        learner.load_progress(state["learner"])
        learner.logbook.rows = list(state["rows"])
        learner.logbook.measured = list(state["measured"])
        learner.logbook.mishaps.found = list(state["mishaps"])
        _set_random_state(state["random"])
        return True

    def _state_of(self, learner: Learner, seconds: float) -> dict[str, Any]:
        optimizer: Any = learner.optimizers(use_pl_optimizer=False)
        callbacks = learner.trainer.callbacks  # type: ignore[attr-defined]
        return {
            **self._header,
            "seconds": seconds,
            "network": learner.network.state_dict(),
            "criterion": learner.criterion.state_dict(),
            "optimizer": optimizer.state_dict(),
            "callbacks": {
                callback.state_key: state for callback in callbacks if (state := callback.state_dict())
            },
            "learner": learner.progress(),
            "rows": learner.logbook.rows,
            "measured": learner.logbook.measured,
            "mishaps": learner.logbook.mishaps.found,
            "random": _random_state(),
        }

    def _load(self) -> dict[str, Any]:
        to_do = "delete it to train the run from its start"
        try:
            with zipfile.ZipFile(self.path) as archive:
                damaged = archive.testzip()  # torch itself does not look at the checksums
            if damaged is not None:
                raise ValueError(f"the checksum of {damaged} is wrong")
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            header = {key: state[key] for key in self._header}
        except pickle.UnpicklingError:
            raise UserError(
                f"{self.path} holds more than tensors and numbers and is not read: {to_do}"
            ) from None
        except Exception as error:
            raise UserError(
                f"{self.path} is no checkpoint, or was cut short or damaged ({first_line(error)}): {to_do}"
            ) from None
        if header["identity"] != self._header["identity"]:
            raise UserError(
                f"{self.path} belongs to a run with another config: {to_do}, or choose another folder"
            )
        if header != self._header:
            raise UserError(
                f"{self.path} was written by torch {header['torch']} with schema {header['schema_version']}, "
                f"this is torch {self._header['torch']} with schema {SCHEMA_VERSION}: go on with those, or "
                f"{to_do}"
            )
        return state


def _random_state() -> dict[str, Any]:
    kind, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  (what a person's code may use)
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
