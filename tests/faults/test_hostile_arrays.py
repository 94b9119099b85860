"""Arrays that a user's own function may return as a task: they train, or are refused with one sentence."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fault_tools import attempt

ANEW = int(os.environ.get("LOSSLAB_FUZZ", "0"))  # so many, others each time, instead of always the same ones
KINDS = {
    "multiclass": "cross_entropy",
    "binary": "bce_with_logits",
    "multilabel": "bce_with_logits",
    "regression": "mse",
    "segmentation": "bce_with_logits",
}
DTYPES = [
    *("f4", "f8", ">f8", "f2", "longdouble", "i1", "i2", ">i4", "i8", "u1", "u2", "u4", "u8", "?"),
    *("c16", "S3", "U3", "O", "M8[D]", "m8[s]", "V4", [("a", "f4"), ("b", "i4")]),
]
SHAPES = [
    *((40, 3), (40,), (40, 1), (40, 1, 6, 6), (40, 3, 8, 8), (40, 4, 4), (40, 2, 2, 2, 2), (3, 40)),
    *((2, 3), (1, 3), (0, 3), (40, 0), (), (39, 3), (40, 2), (5,)),
]
LABELS = {
    "classes": lambda n: np.arange(n) % 3,
    "two": lambda n: np.arange(n) % 2,
    "one class only": lambda n: np.zeros(n, int),
    "negative": lambda n: np.arange(n) % 3 - 1,
    "huge": lambda n: (np.arange(n) % 3) * 10**15,
    "gaps": lambda n: np.arange(n) % 2 * 7,
    "each its own": lambda n: np.arange(n),
    "rare": lambda n: (np.arange(n) == 0).astype(int),
    "floats": lambda n: np.linspace(-1, 1, n),
    "whole floats": lambda n: (np.arange(n) % 2).astype(float),
    "booleans": lambda n: np.arange(n) % 2 == 0,
    "constant": lambda n: np.full(n, 2.5),
    "several": lambda n: (np.arange(3 * n) % 2).reshape(n, 3),
    "columns": lambda n: (np.arange(n) % 2).reshape(n, 1),
    "masks": lambda n: (np.arange(36 * n) % 2).reshape(n, 1, 6, 6),
    "empty masks": lambda n: np.zeros((n, 1, 6, 6), "u1"),
    "bytes for masks": lambda n: (np.arange(36 * n) % 2 * 255).astype("u1").reshape(n, 1, 6, 6),
    "words": lambda n: np.array(["cat", "dog"] * n)[:n],
    "objects": lambda n: np.array([None, 1] * n, dtype=object)[:n],
}
FITTING = {  # kind -> shape of inputs, labels
    "multiclass": ((40, 3), ["classes", "two"]),
    "binary": ((40, 1, 6, 6), ["two", "booleans", "whole floats", "columns"]),
    "multilabel": ((40, 3), ["several", "columns"]),
    "regression": ((40,), ["floats", "classes", "several", "constant"]),
    "segmentation": ((40, 1, 6, 6), ["masks", "empty masks"]),
}
NUMBERS = [np.nan, np.inf, -np.inf, 1e39, 3e38, -3e38, 1e-45, 0.0, 2**63 - 1, -(2**63)]


def array(chance: random.Random) -> Any:
    """Inputs of a usual or an unusual shape and type."""
    shape = chance.choice(SHAPES if chance.random() < 0.5 else SHAPES[:5])
    drawn = np.asarray(np.random.default_rng(chance.randrange(2**32)).normal(size=shape))
    dtype = chance.choice(DTYPES if chance.random() < 0.5 else DTYPES[:2])
    with np.errstate(all="ignore"):
        try:
            return np.asarray(drawn * 100, dtype)
        except (TypeError, ValueError):
            return np.zeros(shape, dtype)


def with_odd_numbers(values: Any, chance: random.Random) -> Any:
    values = np.array(values)
    not_of_this_type = (TypeError, ValueError, OverflowError, IndexError)
    with np.errstate(all="ignore"), contextlib.suppress(*not_of_this_type):
        values.flat[chance.randrange(values.size)] = chance.choice(NUMBERS)
        if chance.random() < 0.3:
            values[...] = chance.choice(NUMBERS)
    return values


def in_memory(values: Any, chance: random.Random, place: Path) -> Any:
    """The same numbers, lying somewhere or somehow else."""
    how = chance.randrange(14)
    if how == 0:
        return values[::-1]
    if how == 1:
        return np.asfortranarray(values)
    if how == 2:
        return np.repeat(values, 2, axis=0)[::2]
    if how == 3:
        values.flags.writeable = False
    if how == 4:
        return np.ma.masked_array(values, mask=np.zeros(values.shape, bool))
    if how == 5:
        return np.ma.masked_array(values, mask=np.arange(values.size).reshape(values.shape) == 1)
    if how == 6 and values.size:
        mapped = np.memmap(
            place / f"{len(list(place.iterdir()))}.bin", values.dtype, "w+", shape=values.shape
        )
        mapped[...] = values
        return mapped
    if how == 7:
        return values.tolist()
    if how == 8:
        return torch.from_numpy(np.ascontiguousarray(values))
    if how == 9:
        return np.broadcast_to(values[:1], values.shape)
    if how == 10:
        return values.view(np.recarray) if values.dtype.names else values
    return values


def returned(chance: random.Random, kind: str, place: Path) -> Any:
    """What the user's function returns, for a task of this kind; half of it would be right so far."""
    right = chance.random() < 0.5
    inputs = np.random.default_rng(1).normal(size=FITTING[kind][0]) if right else array(chance)
    count = len(inputs) if inputs.ndim and chance.random() < 0.9 else 40
    parts = [inputs, LABELS[chance.choice(FITTING[kind][1] if right else list(LABELS))](count)]
    for position in (0, 1):
        if chance.random() < 0.15:
            parts[position] = with_odd_numbers(parts[position], chance)
        if chance.random() < 0.5:
            with contextlib.suppress(TypeError, ValueError, IndexError):  # not every array can lie there
                parts[position] = in_memory(parts[position], chance, place)
    others = [parts, (*parts, 1), parts[0], None, dict(enumerate(parts)), (parts[0], None)]
    return chance.choice(others) if chance.random() < 0.1 else tuple(parts)


def fuzz(examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many were trained and refused."""
    tally = {"trained": 0, "refused": 0}
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "arrays").mkdir()
    (tmp_path / "hostile_arrays.py").write_text("def load(number):\n    return made[number]\n")
    import hostile_arrays  # type: ignore[import-not-found]

    for number in range(examples):
        seed = os.urandom(8).hex() if ANEW else f"arrays {number}"
        chance = random.Random(seed)
        kind = chance.choice(list(KINDS))
        hostile_arrays.made = {number: returned(chance, kind, tmp_path / "arrays")}
        images = kind == "segmentation"
        model = ("model=unet", "model.channels=[2,2]") if images else ("model=mlp", "model.hidden=[4]")
        status, printed = attempt(
            *("task=custom", f"task.kind={kind}", "task.source._target_=hostile_arrays.load"),
            *(f"+task.source.number={number}", f"loss={KINDS[kind]}", f"folder=runs/{number}"),
            *(f"task.in_memory={chance.choice(['true', 'true', 'false'])}", "trainer.max_epochs=1"),
            *("trainer.accelerator=cpu", "pictures=null", "diagnostics=off", *model),
        )
        sentences = [line for line in printed.splitlines() if line.startswith("losslab: ")]
        about = f"random.Random({seed!r}), {kind}: {printed}"
        assert "Traceback" not in printed, about
        assert status in (0, 2), about
        assert status == 0 or len(sentences) == 1, about
        assert "LOSSLAB_DEBUG=1" not in printed, about  # an error that nobody foresaw
        tally["trained" if status == 0 else "refused"] += 1
    return tally


def test_some_hostile_arrays(tmp_path, monkeypatch):
    tally = fuzz(12, tmp_path, monkeypatch)
    assert tally["trained"] > 0
    assert tally["refused"] > 0


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_many_hostile_arrays(tmp_path, monkeypatch, tell):
    tally = fuzz(ANEW or 1000, tmp_path, monkeypatch)
    tell(sum(tally.values()), "arrays", tally)
