"""MNIST's files: read as torchvision reads them; missing or damaged ones are named."""

import shutil
import struct
import urllib.error

import pytest
import torch
import torchvision

from losslab.errors import UserError
from losslab.tasks import load_task
from losslab.tasks.sources.torchvision_sets import torchvision_digits


def write_mnist(root, count=40):
    """A small data set in MNIST's format: random images, all ten classes."""
    folder = root / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for part in ("train", "t10k"):
        images = torch.randint(
            0, 256, (count, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
        )
        labels = torch.arange(count, dtype=torch.uint8) % 10
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 2051, count, 28, 28) + images.numpy().tobytes()
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 2049, count) + labels.numpy().tobytes()
        )
    return folder


def targets_of(split):
    return split.sample(len(split))[1]


def test_reads_images_labels_and_which_are_test_samples(tmp_path):
    write_mnist(tmp_path)
    raw = torchvision_digits("MNIST", str(tmp_path))
    assert raw.inputs.shape == (80, 1, 28, 28)
    assert raw.targets[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert raw.is_test.tolist() == [False] * 40 + [True] * 40


@pytest.mark.parametrize("cut", [0, 3, 10, 500])
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_file_cut_short_is_named(tmp_path, name, cut):
    folder = write_mnist(tmp_path)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: min(cut, len(content) - 1)])
    with pytest.raises(UserError, match=name):
        torchvision_digits("MNIST", str(tmp_path))


def test_no_data_and_no_network_says_what_to_do(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(UserError, match=r"no data of MNIST under .* could not be downloaded .*LOSSLAB_DATA"):
        torchvision_digits("MNIST", str(tmp_path))


def test_more_classes_than_the_data_have(composed):
    settings = composed("task.num_classes=12")
    with pytest.raises(UserError, match=r"task.num_classes=12 asks for more classes than the data have: 10"):
        load_task(settings.task, "digits")


def test_fewer_classes_keep_only_the_first(composed):
    settings = composed("task.num_classes=3")
    task = load_task(settings.task, "digits")
    assert task.kind.output_features == 3
    assert set(torch.cat([targets_of(split) for split in task.splits.values()]).tolist()) == {0, 1, 2}


@pytest.mark.real_data
def test_real_mnist_is_what_torchvision_reads(composed, real_data_dir, monkeypatch):
    monkeypatch.setenv("LOSSLAB_DATA", str(real_data_dir))
    settings = composed("task=mnist")
    task = load_task(settings.task, "mnist")
    assert {name: len(split) for name, split in task.splits.items()} == {
        "train": 55_000,
        "validation": 5_000,
        "test": 10_000,
    }
    official = torchvision.datasets.MNIST(real_data_dir, train=False)
    expected = (official.data.float() / 255 - 0.5) / 0.5
    inputs, targets = task.splits["test"].sample(10_000)
    assert torch.equal(inputs[:, 0], expected)
    assert torch.equal(targets, official.targets)


def test_a_copy_of_the_data_elsewhere_is_the_same_task(tmp_path, composed):
    write_mnist(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first, second = (torchvision_digits("MNIST", str(tmp_path / name)) for name in ("one", "two"))
    assert torch.equal(first.inputs, second.inputs)
