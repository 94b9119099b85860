"""Sources: shapes, shares and leaks. The user's own arrays are in test_own_arrays.py."""

import pytest
import torch

from losslab.errors import UserError
from losslab.tasks import load_task
from losslab.tasks.sources.clutter import clutter
from losslab.tasks.sources.one_against_rest import one_against_rest
from losslab.tasks.sources.pairs import pairs
from losslab.tasks.sources.scikit_learn import digits, friedman


def test_pairs_show_two_digits_and_use_each_once():
    single = digits()
    both = pairs(single, apart=8, shift=0, seed=0)  # beside each other: the halves are the digits
    assert both.inputs.shape[1:] == (1, 8, 16)
    assert len(both) > 750  # of 898, less those of one digit twice
    assert (both.targets.sum(dim=1) == 2).all()
    images = single.inputs.flatten(1)
    halves = torch.cat([both.inputs[..., :8].flatten(1), both.inputs[..., 8:].flatten(1)])
    origin = (torch.cdist(halves, images) < 1e-4).float()
    assert (origin.sum(dim=1) >= 1).all()
    assert len(halves.unique(dim=0)) == len(halves)
    labels = single.targets[origin.argmax(dim=1)].reshape(2, -1)
    assert (both.targets.gather(1, labels.T) == 1).all()


def test_pairs_keep_test_digits_apart():
    single = digits()
    single.is_test = torch.arange(len(single)) % 3 == 0
    both = pairs(single, apart=8, shift=0, seed=0)
    images = single.inputs[single.is_test].flatten(1)
    from_test = torch.cdist(both.inputs[..., :8].flatten(1), images).min(dim=1).values < 1e-4
    assert torch.equal(from_test, both.is_test)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5])
def test_positives_are_as_rare_as_asked_for(share):
    single = digits()
    single.is_test = torch.arange(len(single)) % 2 == 0
    raw = one_against_rest(single, positive_class=8, positive_share=share, seed=0)
    for part in (True, False):
        assert float(raw.targets[raw.is_test == part].float().mean()) == pytest.approx(share, abs=2e-3)


def test_all_samples_where_no_share_is_asked_for():
    raw = one_against_rest(digits(), positive_class=8, positive_share=None, seed=0)
    assert len(raw) == 1797
    assert torch.equal(raw.targets == 1, digits().targets == 8)


@pytest.mark.parametrize("foreground", [0.03, 0.1, 0.25])
def test_clutter_has_the_share_of_foreground(foreground):
    raw = clutter(samples=40, size=48, foreground=foreground, fragments=3, noise=0.3, seed=0)
    assert raw.inputs.shape == raw.targets.shape == (40, 1, 48, 48)
    assert raw.inputs.dtype == raw.targets.dtype == torch.uint8
    assert float(raw.targets.float().mean()) == pytest.approx(foreground, rel=0.15)
    again = clutter(samples=40, size=48, foreground=foreground, fragments=3, noise=0.3, seed=0)
    assert torch.equal(raw.inputs, again.inputs)


def test_the_noise_of_friedman_is_known():
    noisy, clean = (friedman(samples=4000, noise=noise, seed=0) for noise in (1.0, 0.0))
    assert torch.equal(noisy.inputs, clean.inputs)
    assert float((noisy.targets - clean.targets).std()) == pytest.approx(1.0, rel=0.05)


def test_standardising_uses_the_training_split_alone(composed):
    settings = composed("task=breast_cancer")
    task = load_task(settings.task, settings.choices["task"])
    inputs = {name: split.sample(len(split))[0] for name, split in task.splits.items()}
    assert float(inputs["train"].mean(dim=0).abs().max()) < 1e-4
    assert float((inputs["train"].std(dim=0, correction=0) - 1).abs().max()) < 1e-3
    assert float(inputs["test"].mean(dim=0).abs().max()) > 0.01


@pytest.mark.parametrize("task", ["digits", "clutter"])
def test_data_read_one_by_one_are_the_same(composed, task):
    settings = composed(f"task={task}")
    memory = load_task(settings.task, settings.choices["task"])
    one_by_one = load_task(settings.task.model_copy(update={"in_memory": False}), settings.choices["task"])
    for name, split in memory.splits.items():
        for mine, other in zip(split.sample(20), one_by_one.splits[name].sample(20), strict=True):
            assert torch.equal(mine, other)


def test_corruption_of_data_that_are_read_one_by_one(composed):
    settings = composed("task=digits", "task.corruption.share=0.5")
    memory = load_task(settings.task, settings.choices["task"]).for_seed(1)
    one_by_one = load_task(
        settings.task.model_copy(update={"in_memory": False}), settings.choices["task"]
    ).for_seed(1)
    assert torch.equal(memory.splits["train"].sample(50)[1], one_by_one.splits["train"].sample(50)[1])


def test_a_mistake_in_a_persons_function_is_named_with_its_line(composed, tmp_path, monkeypatch):
    (tmp_path / "broken_source.py").write_text("def load():\n    return {}['price']\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    settings = composed("task=custom", "task.kind=regression", "task.source._target_=broken_source.load")
    with pytest.raises(UserError, match=r"KeyError 'price' \(.*broken_source.py, line 2\)"):
        load_task(settings.task, settings.choices["task"])


def test_a_sinusoid_has_noise_of_known_size():
    from losslab.tasks.sources.sinusoid import sinusoid

    raw = sinusoid(samples=20_000, periods=2, least_noise=0.1, most_noise=0.5, seed=0)
    x = raw.inputs[:, 0]
    noise = raw.targets - (4 * torch.pi * x).sin()
    for low, expected in ((0.0, 0.12), (0.45, 0.30), (0.9, 0.48)):
        inside = (x >= low) & (x < low + 0.1)
        assert noise[inside].std().item() == pytest.approx(expected, rel=0.08)
        assert noise[inside].mean().item() == pytest.approx(0, abs=0.04)
