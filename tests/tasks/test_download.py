"""Downloads, from a server on this machine: resumed, held to a checksum, and unpacked."""

import gzip
import hashlib
import io
import tarfile
import zipfile

import numpy as np
import pytest
from local_server import serving
from PIL import Image

from losslab.errors import UserError
from losslab.tasks import download
from losslab.tasks.sources.download import fetch, unpack
from losslab.tasks.sources.penn_fudan import PHOTOGRAPHS, penn_fudan
from losslab.tasks.sources.torchvision_sets import oxford_pets

CONTENT = bytes(range(256)) * 4000


@pytest.fixture(autouse=True)
def no_cache(tmp_path_factory, monkeypatch):
    """Decoded images of other tests must not hide what these make."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def server():
    with serving({"/data.bin": CONTENT}) as running:
        yield running


def test_a_file_is_fetched_once(server, tmp_path):
    for _ in range(2):
        fetch(
            [f"{server.url}/data.bin"],
            tmp_path / "data.bin",
            "mine",
            ["md5:" + hashlib.md5(CONTENT).hexdigest()],
        )
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert server.ranges == [None]
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


def test_what_was_cut_off_is_resumed(server, tmp_path):
    server.cut = 300_000
    with pytest.raises(UserError, match="mine"):
        fetch([f"{server.url}/data.bin"], tmp_path / "data.bin", "mine")
    assert not (tmp_path / "data.bin").exists()
    have = (tmp_path / "data.bin.part").stat().st_size
    assert 0 < have <= 300_000
    server.cut = None
    fetch([f"{server.url}/data.bin"], tmp_path / "data.bin", "mine")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={have}-"


@pytest.mark.parametrize("start", [CONTENT[:500], CONTENT, CONTENT + b"more"])
@pytest.mark.parametrize("resumes", [True, False])
def test_whatever_an_earlier_try_left(server, tmp_path, start, resumes):
    server.resumes = resumes
    (tmp_path / "data.bin.part").write_bytes(start)
    fetch([f"{server.url}/data.bin"], tmp_path / "data.bin", "mine")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    with pytest.raises(UserError, match="the checksum is wrong"):
        fetch([f"{server.url}/data.bin"], tmp_path / "data.bin", "mine", ["md5:" + "0" * 32])
    assert list(tmp_path.iterdir()) == []


def test_the_next_mirror_is_tried(server, tmp_path):
    fetch([f"{server.url}/gone.bin", f"{server.url}/data.bin"], tmp_path / "data.bin", "mine")
    assert (tmp_path / "data.bin").read_bytes() == CONTENT


def test_archives_are_unpacked_and_deleted(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr("in/zip.txt", "zip")
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tarred:
        info = tarfile.TarInfo("in/tar.txt")
        info.size = 3
        tarred.addfile(info, io.BytesIO(b"tar"))
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(b"gz"))
    for name in ("a.zip", "b.tar.gz", "c.txt.gz"):
        unpack(tmp_path / name, tmp_path)
        assert not (tmp_path / name).exists()
    assert (tmp_path / "in" / "zip.txt").read_text() == "zip"
    assert (tmp_path / "in" / "tar.txt").read_text() == "tar"
    assert (tmp_path / "c.txt").read_text() == "gz"


def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path):
    (tmp_path / "inside").mkdir()
    with tarfile.open(tmp_path / "evil.tar.gz", "w:gz") as tarred:
        tarred.addfile(tarfile.TarInfo("../outside.txt"), io.BytesIO())
    with pytest.raises(UserError, match=r"evil.tar.gz cannot be unpacked"):
        unpack(tmp_path / "evil.tar.gz", tmp_path / "inside")
    assert not (tmp_path / "outside.txt").exists()


def png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format="png")
    return buffer.getvalue()


def penn_fudan_zip(count=PHOTOGRAPHS):
    """Photographs half grey, half black, with two people on the grey half, laid out as in the real zip."""
    photograph = np.zeros((40, 60, 3), dtype=np.uint8)
    photograph[:, :30] = 100
    people = np.zeros((40, 60), dtype=np.uint8)
    people[:20, :30], people[20:, :30] = 1, 2
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for index in range(count):
            zipped.writestr(f"PennFudanPed/PNGImages/Photo{index:05}.png", png(photograph))
            zipped.writestr(f"PennFudanPed/PedMasks/Photo{index:05}_mask.png", png(people))
    return buffer.getvalue()


def test_penn_fudan_from_its_zip(server, tmp_path):
    server.files["/PennFudanPed.zip"] = penn_fudan_zip()
    raw = penn_fudan(str(tmp_path), size=16, url=f"{server.url}/PennFudanPed.zip")
    assert raw.inputs.shape == (170, 3, 16, 16)
    assert raw.targets.shape == (170, 1, 16, 16)
    assert raw.targets[0, 0].float().mean(dim=0).tolist() == [1.0] * 8 + [0.0] * 8
    assert int(raw.inputs[0, 0, 8, 2]) == 100
    fetched = len(server.ranges)
    penn_fudan(str(tmp_path), size=16, url=f"{server.url}/PennFudanPed.zip")
    assert len(server.ranges) == fetched


def test_penn_fudan_with_photographs_missing(server, tmp_path):
    server.files["/PennFudanPed.zip"] = penn_fudan_zip(count=3)
    with pytest.raises(UserError, match="has 3 photographs, 0 of them without a mask, instead of 170"):
        penn_fudan(str(tmp_path), size=16, url=f"{server.url}/PennFudanPed.zip")


@pytest.mark.parametrize(
    ("spoil", "size", "sentence"),
    [
        (
            lambda folder: (folder / "PedMasks" / "Photo00003_mask.png").unlink(),
            4,
            "1 of them without a mask",
        ),
        (lambda folder: (folder / "PNGImages" / "Photo00003.png").unlink(), 4, "has 169 photographs"),
        (
            lambda folder: (folder / "PNGImages" / "Photo00003.png").write_bytes(b""),
            4,
            "Photo00003.png or its mask",
        ),
        (
            lambda folder: (folder / "PedMasks" / "Photo00003_mask.png").write_bytes(b"x"),
            4,
            "Photo00003.png or its",
        ),
        (lambda folder: None, 0, "task.source.size=0 is wrong"),
        (lambda folder: None, "large", "task.source.size=large is wrong"),
    ],
)
def test_damaged_penn_fudan_is_named(tmp_path, spoil, size, sentence):
    with zipfile.ZipFile(io.BytesIO(penn_fudan_zip())) as zipped:
        zipped.extractall(tmp_path)
    spoil(tmp_path / "PennFudanPed")
    with pytest.raises(UserError, match=sentence):
        penn_fudan(str(tmp_path), size=size)


@pytest.fixture
def pets(tmp_path):
    """Three photographs with trimaps, as torchvision keeps them."""
    folder = tmp_path / "oxford-iiit-pet"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations" / "trimaps").mkdir(parents=True)
    trimap = np.full((30, 20), 2, dtype=np.uint8)
    trimap[:15], trimap[15:18] = 1, 3
    for part, names in (("trainval", ["Abyssinian_1", "beagle_2"]), ("test", ["beagle_3"])):
        lines = "".join(f"{name} 1 1 1\n" for name in names)
        (folder / "annotations" / f"{part}.txt").write_text(lines)
        for name in names:
            Image.fromarray(np.full((30, 20, 3), 50, dtype=np.uint8)).save(folder / "images" / f"{name}.jpg")
            (folder / "annotations" / "trimaps" / f"{name}.png").write_bytes(png(trimap))
    return folder


def test_oxford_pets_as_torchvision_keeps_them(pets):
    raw = oxford_pets(str(pets.parent), size=10)
    assert raw.inputs.shape == (3, 3, 10, 10)
    assert raw.is_test.tolist() == [False, False, True]
    assert raw.targets[0, 0, :, 0].tolist() == [1] * 6 + [0] * 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "images" / "beagle_2.jpg").unlink(),
        lambda folder: (folder / "images" / "beagle_2.jpg").write_bytes(b"no image"),
        lambda folder: (folder / "annotations" / "trimaps" / "beagle_3.png").write_bytes(b""),
        lambda folder: (folder / "annotations" / "test.txt").unlink(),
        lambda folder: (folder / "annotations" / "test.txt").write_text("beagle_3 one 1\n"),
    ],
)
def test_damaged_pets_are_named(pets, spoil):
    spoil(pets)
    with pytest.raises(UserError, match=r"oxford-iiit-pet cannot be read .*: delete it and run"):
        oxford_pets(str(pets.parent), size=4)


def test_the_command_names_what_it_knows(capsys):
    assert download.main(["digits"]) == 2
    assert "digits has nothing to download: choose from abalone, airfoil" in capsys.readouterr().err


def test_the_command_goes_on_after_a_failure(capsys, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("no route to host")

    monkeypatch.setenv("LOSSLAB_DATA", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    assert download.main(["penn_fudan", "mnist"]) == 1
    said = capsys.readouterr().err
    assert "penn_fudan: no data of penn_fudan" in said
    assert "mnist: no data of MNIST" in said
