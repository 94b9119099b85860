"""Real data, from disk: the numbers that the tasks promise."""

import os

import pytest
import torch

from losslab.tasks import load_task


def needs(folder, part):
    if (folder / part).exists():
        return
    message = f"needs real data: {part} under LOSSLAB_DATA"
    if os.environ.get("LOSSLAB_REQUIRE_REAL_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.mark.real_data
def test_california_housing(train, real_data_dir):
    needs(real_data_dir, "scikit_learn/cal_housing_py3.pkz")
    overrides = ["task=california_housing", "pictures=null", "trainer.max_epochs=4", "trainer.batch_size=64"]
    clean, _ = train(*overrides, "loss=mse")
    assert clean.primary("test") < 0.5  # in 100,000 $
    corrupted = [*overrides, "task.corruption.share=0.1"]
    squared, _ = train(*corrupted, "loss=mse")
    absolute, _ = train(*corrupted, "loss=l1")
    assert squared.primary("test") > 1.0
    assert absolute.primary("test") < 0.55


@pytest.mark.real_data
def test_penn_fudan(composed, real_data_dir):
    needs(real_data_dir, "PennFudanPed/PNGImages")
    settings = composed("task=penn_fudan")
    task = load_task(settings.task, "penn_fudan")
    assert task.input_shape == (3, 96, 96)
    assert task.splits["train"].inputs.dtype == torch.uint8
    assert sum(len(split) for split in task.splits.values()) == 170
    share = float(task.training_targets.float().mean())
    assert 0.1 < share < 0.3


@pytest.mark.faults
@pytest.mark.real_data
def test_a_small_network_finds_people_in_penn_fudan(composed, train, real_data_dir):
    needs(real_data_dir, "PennFudanPed/PNGImages")
    task = load_task(composed("task=penn_fudan").task, "penn_fudan")
    share = float(task.training_targets.float().mean())
    record, _ = train(
        "task=penn_fudan", "task.source.size=48", "model=unet", "loss=bce_with_logits", "pictures=null",
        "trainer.max_epochs=4", "model.channels=[8,16,32,32,32]",
    )  # fmt: skip
    assert record.primary("test") > share + 0.1  # the IoU of calling every pixel a person is `share`


@pytest.mark.real_data
def test_nuclei(composed, real_data_dir):
    needs(real_data_dir, "nuclei/stage1_train")
    task = load_task(composed("task=nuclei").task, "nuclei")
    assert {name: len(split) for name, split in task.splits.items()} == {
        "train": 120,
        "validation": 30,
        "test": 50,
    }
    assert 0.05 < float(task.training_targets.float().mean()) < 0.2


@pytest.mark.faults
@pytest.mark.real_data
def test_fashion_mnist_reaches_its_target(train, real_data_dir):
    needs(real_data_dir, "FashionMNIST/raw")
    record, _ = train("task=fashion_mnist", "loss=cross_entropy", "trainer.eval_every=200", "diagnostics=off")
    assert record.targets[1].value == 0.85
    assert record.targets[1].step is not None
    assert record.primary("test") > 0.84


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("task", "guess"),
    [("mnist_one_against_rest", 0.05), pytest.param("mnist_pairs", 0.31, marks=pytest.mark.faults)],
)
def test_tasks_made_of_mnist(train, real_data_dir, task, guess):
    record, _ = train(f"task={task}", "loss=bce_with_logits", "pictures=null", "trainer.max_epochs=1")
    assert record.status == "finished"
    assert record.primary("test") > guess + 0.1


@pytest.mark.real_data
def test_mnist_cut_down_and_corrupted(train, real_data_dir):
    overrides = ["task=mnist", "loss=cross_entropy", "pictures=null", "trainer.max_epochs=1"]
    record, _ = train(*overrides, "task.imbalanced={9:0.01}", "task.corruption.share=0.1")
    recall = record.metrics["test"]["recall_per_class"]
    assert recall[9] < min(recall[:9])


def test_a_pickle_that_everyone_can_write_is_refused(tmp_path):
    from losslab.errors import UserError
    from losslab.tasks.sources.scikit_learn import california_housing

    folder = tmp_path / "scikit_learn"
    folder.mkdir()
    (folder / "cal_housing_py3.pkz").write_bytes(b"never read")
    (folder / "cal_housing_py3.pkz").chmod(0o666)
    with pytest.raises(UserError, match=r"cal_housing_py3.pkz can be written by everyone"):
        california_housing(str(tmp_path))
    (folder / "cal_housing_py3.pkz").chmod(0o644)
    with pytest.raises(UserError, match=r"cannot be read \(damaged\?\)"):
        california_housing(str(tmp_path))
