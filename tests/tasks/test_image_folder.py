"""The user's images in class folders: what is read, augmentation that keeps arms paired, and ten mistakes."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from losslab.config.identity import identities
from losslab.errors import UserError
from losslab.look.evaluations import Evaluations
from losslab.tasks import Split, load_task
from losslab.tasks.augmentation import Augmentation
from losslab.tasks.sources.image_folder import image_folder
from losslab.train.batches import TrainingBatches

TRANSFORMS = [v2.RandomHorizontalFlip(), v2.RandomCrop(8, padding=2)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """20 images of cats, dark on the left, and of dogs, dark on the right."""
    path = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for name, side in (("cat", slice(0, 10)), ("dog", slice(10, 20))):
        (path / name).mkdir()
        for number in range(20):
            pixels = random.integers(150, 255, (16, 20, 3), dtype=np.uint8)
            pixels[:, side] = 10
            Image.fromarray(pixels).save(path / name / f"{number}.png")
    return path


def test_folders_are_classes(folder):
    raw = image_folder(str(folder), size=8)
    assert raw.class_names == ["cat", "dog"]
    assert raw.targets.tolist() == [0] * 20 + [1] * 20
    assert raw.all_inputs().shape == (40, 3, 8, 8)
    assert raw.all_inputs().dtype == torch.uint8
    assert image_folder(str(folder), size=8, grey=True).all_inputs().shape == (40, 1, 8, 8)


def test_a_folder_of_their_own_for_test_images(composed, folder):
    settings = composed(
        "task=image_folder", f"task.source.path={folder}", f"task.source.test_path={folder}",
        "task.source.size=8", "task.split.test=null",
    )  # fmt: skip
    assert len(load_task(settings.task, "image_folder").splits["test"]) == 40


@pytest.mark.parametrize("in_memory", ["true", "false"])
def test_a_network_learns_from_them(train, folder, in_memory):
    record, _ = train(
        "task=image_folder", f"task.source.path={folder}", "task.source.size=8",
        f"task.in_memory={in_memory}",
        "task.source.augmentation=[{_target_: torchvision.transforms.v2.RandomVerticalFlip}]",
        "loss=cross_entropy", "trainer.max_epochs=10", "trainer.batch_size=8",
    )  # fmt: skip
    assert record.status == "finished", record.error
    assert record.primary("test") == 1.0


def test_the_images_are_part_of_the_task(composed, folder, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    settings = [composed("task=image_folder", f"task.source.path={path}") for path in (folder, tmp_path)]
    assert len({identities(one)["task_identity"] for one in settings}) == 2


def batches(in_memory, seed, steps_done=0, augmentation=TRANSFORMS, encode=lambda targets: targets, epoch=0):
    images = torch.arange(24 * 64, dtype=torch.int64).remainder(251).byte().reshape(24, 1, 8, 8)
    labels = torch.arange(24)
    changes = Augmentation(augmentation)
    data = torch.utils.data.TensorDataset(images, labels)
    split = (
        Split(inputs=images, targets=labels, augmentation=changes)
        if in_memory
        else Split(dataset=data, augmentation=changes)
    )
    chunks = TrainingBatches(
        split, encode, batch_size=8, evaluations=Evaluations(100, {}), seed=seed, device=torch.device("cpu"),
        epoch=lambda: epoch, steps_done=steps_done,
    )  # fmt: skip
    return torch.stack([inputs for chunk in chunks for inputs, _ in chunk.batches])


def noisy(targets):
    torch.rand(3)  # a loss or model that draws from the global stream
    return targets.float()


def test_arms_with_one_seed_get_the_same_augmented_batches():
    plain = batches(True, seed=3, augmentation=[])
    first = batches(True, seed=3)
    torch.manual_seed(99)
    assert torch.equal(first, batches(True, seed=3, encode=noisy))
    assert torch.equal(first, batches(False, seed=3))
    assert not torch.equal(first, plain)
    assert not torch.equal(first, batches(True, seed=3, epoch=1))
    # another seed: another order, and other changes of the same images
    assert not torch.equal(first, batches(True, seed=4))


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_run_that_goes_on_gets_the_batches_that_are_left(in_memory):
    assert torch.equal(batches(in_memory, seed=3)[2:], batches(in_memory, seed=3, steps_done=2))


def test_augmentation_does_not_disturb_the_global_stream():
    torch.manual_seed(5)
    undisturbed = torch.rand(2)
    torch.manual_seed(5)
    batches(True, seed=3)
    assert torch.equal(torch.rand(2), undisturbed)


def test_evaluation_sees_the_images_as_they_are(composed, folder):
    always = "task.source.augmentation=[{_target_: torchvision.transforms.v2.RandomHorizontalFlip, p: 1.0}]"
    common = ["task=image_folder", f"task.source.path={folder}", "task.source.size=8"]
    changed, plain = (load_task(composed(*common, *more).task, "image_folder") for more in ([always], []))
    assert changed.splits["train"].augmentation is not None
    assert changed.splits["test"].augmentation is None
    assert torch.equal(changed.splits["train"].sample(9)[0], plain.splits["train"].sample(9)[0])


def empty(path):
    pass


def without_images(path):
    (path / "cat").mkdir()


def damaged(path):
    for name in ("cat", "dog"):
        (path / name).mkdir()
        Image.new("RGB", (4, 4)).save(path / name / "a.png")
    (path / "cat" / "b.png").write_bytes(b"no image")


def cut_off(path):
    damaged(path)
    whole = (path / "dog" / "a.png").read_bytes()
    (path / "cat" / "b.png").write_bytes(whole[: len(whole) // 2])


def other_classes(path):
    damaged(path)
    (path / "cat" / "b.png").unlink()
    (path / "dog").rename(path / "horse")


@pytest.mark.parametrize(
    ("made", "options", "sentence"),
    [
        (empty, {}, "needs one folder for each class"),
        (without_images, {}, "needs one folder for each class, .*cat"),
        (damaged, {}, r"cat.b.png cannot be read as an image .*: replace or remove it"),
        (cut_off, {}, r"cat.b.png cannot be read as an image"),
        (other_classes, {"test_path": True}, "has other classes than .*: only one of them has dog, horse"),
        (damaged, {"path": "nowhere"}, "task.source.path=nowhere is not a folder"),
        (damaged, {"size": 0}, "task.source.size=0 is wrong"),
        (damaged, {"size": "big"}, "task.source.size=big is wrong"),
        (damaged, {"size": 10**6}, "task.source.size=1000000 is wrong"),
        (damaged, {"augmentation": ["flip"]}, "task.source.augmentation: 'flip' is no transform"),
    ],
)
def test_mistakes_are_named(folder, tmp_path, made, options, sentence):
    made(tmp_path)
    settings = {"path": str(tmp_path), "size": 4, **options}
    if options.get("test_path"):
        settings |= {"path": str(folder), "test_path": str(tmp_path)}
    with pytest.raises(UserError, match=sentence):
        image_folder(**settings).all_inputs()


def test_a_transform_that_changes_the_shape_is_named():
    with pytest.raises(UserError, match=r"turns an input of shape \(1, 8, 8\) .* into \(1, 4, 4\)"):
        batches(True, seed=0, augmentation=[v2.CenterCrop(4)])
