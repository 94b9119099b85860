"""Files cut short, overwritten or swapped: a sentence, or a right result; never a traceback of ours."""

from __future__ import annotations

import io
import random
import shutil
import struct

import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from fabricated_records import fabricate, plan, write_all
from losslab import records
from losslab.errors import UserError
from losslab.report.comparison import summarise
from losslab.tasks.sources import penn_fudan as penn_fudan_module
from losslab.tasks.sources.penn_fudan import penn_fudan
from losslab.tasks.sources.table import csv
from losslab.tasks.sources.torchvision_sets import torchvision_digits

DAMAGES = ("cut", "flip", "empty", "noise", "doubled", "missing", "folder", "zeros")


def damage(path, how, chance):
    """Spoil the file at `path` in one of the ways DAMAGES."""
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    if how == "cut":
        del content[place:]
    elif how == "flip":
        content[place] ^= 1 << chance.randrange(8)
    elif how == "empty":
        content.clear()
    elif how == "noise":
        content[place : place + 20] = chance.randbytes(20)
    elif how == "doubled":
        content += bytes(content)
    elif how == "zeros":
        content[:] = bytes(len(content))
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how != "missing":
        path.write_bytes(bytes(content))


def table(folder):
    rows = [f"{n * 0.5},{n % 7},{'cat' if n % 3 else 'dog'}" for n in range(60)]
    (folder / "table.csv").write_text("\n".join(["width,height,kind", *rows]) + "\n")
    return lambda: csv(str(folder / "table.csv"), "kind")


def idx(folder):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for name, count in (("train", 30), ("t10k", 10)):
        images = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = generator.integers(0, 10, count, dtype=np.uint8)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(
            b"\x00\x00\x08\x03" + struct.pack(">3I", *images.shape) + images.tobytes()
        )
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(
            b"\x00\x00\x08\x01" + struct.pack(">I", count) + labels.tobytes()
        )
    return lambda: torchvision_digits("MNIST", str(folder))


def photographs(folder):
    images, masks = folder / "PennFudanPed" / "PNGImages", folder / "PennFudanPed" / "PedMasks"
    for place in (images, masks):
        place.mkdir(parents=True)
    for number in range(3):
        Image.new("RGB", (20, 16), (number, 50, 90)).save(images / f"P{number}.png")
        Image.new("L", (20, 16), number).save(masks / f"P{number}_mask.png")
    return lambda: penn_fudan(str(folder), 8)


def sweep(folder):
    made = [fabricate(loss, seed) for loss in ("mse", "l1") for seed in range(2)]
    write_all(made, folder)
    plan(made, folder)
    return lambda: summarise(folder, Console(file=io.StringIO(), width=160))


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """Nothing is fetched, and three photographs are a whole set."""

    def refuse(*arguments, **options):
        raise UserError("no data and no network")

    monkeypatch.setattr(penn_fudan_module, "PHOTOGRAPHS", 3)
    monkeypatch.setattr(penn_fudan_module, "fetch", refuse)
    monkeypatch.setattr("losslab.tasks.sources.torchvision_sets.fetch", refuse)


def spoil(make, count, tmp_path, seed):
    """(read all the same, refused with a sentence)"""
    chance = random.Random(seed)
    read = refused = 0
    for number in range(count):
        folder = tmp_path / str(number)
        folder.mkdir()
        load = make(folder)
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        damage(chance.choice(files), DAMAGES[number % len(DAMAGES)], chance)
        sentence = ""
        try:
            load()
            read += 1
        except UserError as error:
            sentence = str(error)
            refused += 1
        assert "\n" not in sentence
        shutil.rmtree(folder)
    return read, refused


MAKERS = [table, idx, photographs, sweep]


@pytest.mark.parametrize("make", [table, idx, photographs])
def test_some_damaged_files(make, tmp_path):
    read, refused = spoil(make, 16, tmp_path, seed=1)
    assert refused > 0
    assert read + refused == 16


def test_an_event_file_cut_short_costs_only_what_was_cut(train, tmp_path):
    """What a kill or a full disk leaves of TensorBoard's file is shown, and the record stands."""
    record, folder = train("pictures=null", "trainer.max_epochs=4")
    (events,) = folder.glob("events.out.tfevents.*")

    def steps():
        shown = EventAccumulator(str(folder)).Reload()
        return [event.step for event in shown.Scalars("loss/train")]

    whole = steps()
    content = events.read_bytes()
    events.write_bytes(content[: len(content) // 2 + 1])
    assert 0 < len(steps()) < len(whole)
    assert steps() == whole[: len(steps())]
    assert records.load(folder) == record
    events.write_bytes(b"")
    EventAccumulator(str(folder)).Reload()


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("make", MAKERS)
def test_many_damaged_files(make, tmp_path, tell):
    read, refused = spoil(make, 50, tmp_path, seed=2)
    tell(read + refused, "files", {"read": read, "refused": refused})
