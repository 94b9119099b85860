"""Nuclei from their folders, and decoded images on disk: kept by content, whole or not at all."""

import io
import shutil
import zipfile

import numpy as np
import pytest
import torch
from local_server import serving
from PIL import Image

from losslab.errors import UserError
from losslab.tasks.sources import decoded as decoded_module
from losslab.tasks.sources.decoded import decoded
from losslab.tasks.sources.nuclei import nuclei


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "losslab" / "decoded"


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return buffer.getvalue()


def cell(top, left):
    mask = np.zeros((256, 256), dtype=np.uint8)
    mask[top : top + 128, left : left + 128] = 255
    return png(mask)


def stage1_zip():
    """As published: three images of 256×256 with two nuclei each, and one larger image."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, side in (("a", 256), ("b", 300), ("c", 256), ("d", 256)):
            zipped.writestr(f"{name}/images/{name}.png", png(np.full((side, side, 4), 90, dtype=np.uint8)))
            zipped.writestr(f"{name}/masks/1.png", cell(0, 0))
            zipped.writestr(f"{name}/masks/2.png", cell(128, 128))
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path):
    with serving({"/stage1_train.zip": stage1_zip()}) as server:
        nuclei(str(tmp_path / "data"), size=4, images=3, url=f"{server.url}/stage1_train.zip")
    return tmp_path / "data"


def test_the_masks_of_nuclei_are_joined(root):
    raw = nuclei(str(root), size=4, images=3)
    assert raw.inputs.shape == (3, 3, 4, 4)
    assert raw.targets[2, 0].tolist() == [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert [path.name for path in (root / "nuclei").iterdir()] == ["stage1_train"]


@pytest.mark.parametrize(
    ("spoil", "options", "sentence"),
    [
        (lambda a: None, {"images": 4}, "task.source.images=4: .* has 3 images of 256×256"),
        (lambda a: None, {"images": 0}, "task.source.images=0"),
        (lambda a: None, {"size": -1}, "task.source.size=-1 is wrong"),
        (lambda a: None, {"size": 1.5}, "task.source.size=1.5 is wrong"),
        (lambda a: shutil.rmtree(a / "masks"), {}, "a has no masks: delete it"),
        (lambda a: (a / "masks" / "1.png").write_bytes(b""), {}, r"masks.1.png cannot be read"),
        (
            lambda a: (a / "masks" / "1.png").write_bytes(png(np.zeros((9, 9), np.uint8))),
            {},
            "1.png cannot be read",
        ),
        (lambda a: (a / "images" / "a.png").write_bytes(b"text"), {}, r"images.a.png cannot be read"),
        (lambda a: (a / "images" / "a.png").unlink(), {}, r"images.a.png cannot be read .*No such file"),
        (lambda a: shutil.rmtree(a), {}, "has 2 images of 256×256"),
    ],
)
def test_damaged_nuclei_are_named(root, spoil, options, sentence):
    spoil(root / "nuclei" / "stage1_train" / "a")
    with pytest.raises(UserError, match=sentence):
        nuclei(str(root), **{"size": 4, "images": 3, **options})


def counted():
    """A function to decode with, and the list of its calls."""
    calls = []

    def decode():
        calls.append(1)
        return torch.arange(3), torch.arange(2)

    return decode, calls


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "one.png").write_bytes(b"1")
    return folder


def test_the_same_content_is_decoded_once(images, cache):
    decode, calls = counted()
    for _ in range(2):
        first, second = decoded(images, decode, size=4)
        assert (first.tolist(), second.tolist()) == ([0, 1, 2], [0, 1])
    assert len(calls) == 1
    assert len(list(cache.iterdir())) == 1


def test_other_content_or_options_are_decoded_anew(images):
    decode, calls = counted()
    decoded(images, decode, size=4)
    decoded(images, decode, size=5)
    (images / "one.png").write_bytes(b"23")
    decoded(images, decode, size=4)
    assert len(calls) == 3


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_a_damaged_or_deleted_file_is_made_again(images, cache, content):
    decode, calls = counted()
    decoded(images, decode)
    (file,) = cache.iterdir()
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    decoded(images, decode)
    decoded(images, decode)
    assert len(calls) == 2


def test_a_cache_that_cannot_be_written_costs_only_time(images, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    decode, calls = counted()
    assert decoded(images, decode)[0].tolist() == [0, 1, 2]
    assert len(calls) == 1


def test_a_write_that_breaks_leaves_nothing(images, cache, monkeypatch):
    def full(value, file):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(decoded_module.torch, "save", full)
    assert decoded(images, counted()[0])[0].tolist() == [0, 1, 2]
    assert list(cache.iterdir()) == []
