"""Corruption and imbalance: training samples only, by the run's seed, the same for every arm."""

import pytest
import torch

from losslab.errors import UserError
from losslab.tasks import load_task


def loaded(composed, *overrides, seed=0):
    settings = composed(*overrides)
    clean = load_task(settings.task, settings.choices["task"])
    return clean, clean.for_seed(seed)


def targets(task, split):
    return task.splits[split].sample(len(task.splits[split]))[1]


@pytest.mark.parametrize("task", ["digits", "breast_cancer"])
def test_a_share_of_the_training_labels_is_wrong(composed, task):
    clean, run = loaded(composed, f"task={task}", "task.corruption.share=0.2")
    wrong = (targets(clean, "train") != targets(run, "train")).float().mean()
    assert float(wrong) == pytest.approx(0.2, abs=2e-3)
    assert int(targets(run, "train").max()) == int(targets(clean, "train").max())
    for split in ("validation", "test"):
        assert torch.equal(targets(clean, split), targets(run, split))


def test_errors_of_a_class_may_be_alike(composed):
    clean, run = loaded(composed, "task.corruption.share=0.3", "task.corruption.flip=pair")
    before, after = targets(clean, "train"), targets(run, "train")
    wrong = before != after
    assert int(wrong.sum()) == round(0.3 * len(before))
    assert torch.equal(after[wrong], (before[wrong] + 1) % 10)


@pytest.mark.parametrize("flip", ["symmetric", "pair"])
def test_a_sample_keeps_its_number_of_labels(composed, flip):
    chosen = ["task=digit_pairs", "task.corruption.share=0.2", f"task.corruption.flip={flip}"]
    clean, run = loaded(composed, *chosen)
    before, after = targets(clean, "train"), targets(run, "train")
    wrong = (before != after).any(dim=1)
    assert float(wrong.float().mean()) == pytest.approx(0.2, abs=0.02)  # two opposite labels may swap places
    assert torch.equal(before.sum(dim=1), after.sum(dim=1))
    if flip == "pair":
        assert torch.equal(after[wrong], before[wrong].roll(1, dims=1))


@pytest.mark.parametrize(
    ("sign", "grows"), [("positive", {True}), ("negative", {False}), ("random", {True, False})]
)
def test_masks_are_too_large_or_too_small(composed, sign, grows):
    overrides = ["task=clutter", "task.corruption.share=0.25", "task.corruption.size=2"]
    clean, run = loaded(composed, *overrides, f"task.corruption.sign={sign}")
    before, after = targets(clean, "train"), targets(run, "train")
    wrong = (before != after).flatten(1).any(dim=1)
    assert int(wrong.sum()) == pytest.approx(0.25 * len(before), abs=1)
    found = set()
    for old, new in zip(before[wrong].float(), after[wrong].float(), strict=True):
        larger, smaller = (old - new).max() <= 0, (new - old).max() <= 0
        assert larger != smaller
        found.add(bool(larger))
    assert found == grows
    alone = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
    alone[..., 4, 4] = 1
    options = {"size": 2, "sign": "positive"}
    grown = clean.kind.corrupt(alone, options, torch.Generator())
    assert int(grown.sum()) == 25
    shrunk = clean.kind.corrupt(grown, options | {"sign": "negative"}, torch.Generator())
    assert torch.equal(shrunk, alone)


@pytest.mark.parametrize(("sign", "signs"), [("positive", {1}), ("negative", {-1}), ("random", {-1, 1})])
def test_outliers_have_the_size_and_sign_that_were_asked_for(composed, sign, signs):
    overrides = ["task=friedman", "task.corruption.share=0.1", "task.corruption.size=50"]
    clean, run = loaded(composed, *overrides, f"task.corruption.sign={sign}")
    moved = (targets(run, "train") - targets(clean, "train"))[:, 0]
    outliers = moved[moved != 0]
    assert len(outliers) == round(0.1 * len(moved))
    assert outliers.abs().tolist() == pytest.approx([50] * len(outliers), rel=1e-4)
    assert set(outliers.sign().int().tolist()) == signs


def test_the_seed_decides_and_a_larger_share_holds_the_smaller(composed):
    def wrong(share, seed):
        clean, run = loaded(composed, f"task.corruption.share={share}", seed=seed)
        changed = targets(clean, "train") != targets(run, "train")
        return {(i, int(targets(run, "train")[i])) for i in changed.nonzero()[:, 0].tolist()}

    assert wrong(0.05, 1) == wrong(0.05, 1)
    assert wrong(0.05, 1) != wrong(0.05, 2)
    assert wrong(0.05, 1) < wrong(0.2, 1)


def test_arms_with_one_seed_get_the_same_wrong_labels(train):
    losses = ["cross_entropy", "label_smoothing"]
    first, second = (
        train("task.corruption.share=0.4", f"loss={loss}", "seed=3", "pictures=null")[0] for loss in losses
    )
    assert first.task_identity == second.task_identity
    assert first.config["task"]["corruption"]["share"] == 0.4
    clean, _ = train("loss=cross_entropy", "seed=3", "pictures=null")
    assert clean.task_identity == first.task_identity  # arms of one comparison
    assert clean.arm_identity != first.arm_identity
    assert clean.primary("train") > first.primary("train") + 0.2


def test_target_scaling_is_fitted_on_what_the_run_is_given(composed):
    overrides = ["task=friedman", "task.corruption.share=0.5", "task.corruption.size=100"]
    clean, run = loaded(composed, *overrides, "task.corruption.sign=positive")
    assert float(run.kind.mean - clean.kind.mean) == pytest.approx(50, rel=0.01)
    assert torch.allclose(run.kind.mean, targets(run, "train").mean(dim=0))


def test_classes_are_cut_down_in_training_alone(composed):
    clean, run = loaded(composed, "task.imbalanced={9:0.05,3:0.5}")
    before, after = (torch.bincount(targets(task, "train"), minlength=10) for task in (clean, run))
    assert int(after[9]) == round(0.05 * int(before[9]))
    assert int(after[3]) == round(0.5 * int(before[3]))
    assert torch.equal(after[[0, 1, 2, 4, 5, 6, 7, 8]], before[[0, 1, 2, 4, 5, 6, 7, 8]])
    for split in ("validation", "test"):
        assert torch.equal(targets(clean, split), targets(run, split))
    assert torch.equal(run.training_targets, targets(run, "train"))


def test_an_imbalanced_run_finishes_and_balanced_weights_see_the_imbalance(train, composed):
    from losslab.train.run import build

    overrides = ["task.imbalanced={9:0.05}", "loss=balanced_cross_entropy", "pictures=null"]
    settings = composed(*overrides)
    weight = build(settings).criterion.loss.weight
    assert float(weight[9] / weight[0]) > 10
    assert train(*overrides)[0].status == "finished"


def test_inputs_are_shared_by_all_splits_and_seeds(composed):
    clean, run = loaded(composed, "task.corruption.share=0.1", "task.imbalanced={9:0.5}")
    places = {
        split.inputs.data_ptr()
        for task in (clean, run)
        for splits in (task.splits, task.on(torch.device("cpu")))
        for split in splits.values()
    }
    assert len(places) == 1


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["task.corruption.share=1.5"], "task.corruption.share=1.5 is wrong"),
        (
            ["task.corruption.share=0.1", "task.corruption.size=3"],
            "size=3 does not apply to task.kind=multiclass",
        ),
        (["+task.corruption.amount=2"], "task.corruption.amount is not a key"),
        (
            ["task=friedman", "task.corruption={share:0.1,size:null,sign:positive}"],
            "task.corruption.size=None is wrong",
        ),
        (["task=friedman", "task.corruption={share:0.1,size:1,sign:up}"], "task.corruption.sign=up is wrong"),
        (["task.corruption={share:0.1,size:null,sign:null,flip:next}"], "flip=next is wrong: choose one of"),
        (["task=friedman", "task.corruption={share:0.1,size:1,sign:random,flip:pair}"], "flip=pair does not"),
        (["task=digit_pairs", "task.corruption={share:0.1,size:1,sign:null}"], "size=1 does not apply"),
        (
            ["task=clutter", "task.corruption={share:0.1,size:1.5,sign:random}"],
            "size=1.5 is wrong: say by how",
        ),
        (["task=clutter", "task.corruption={share:0.1,size:1,sign:null}"], "sign=None is wrong"),
        (["task.imbalanced={9:0}"], "task.imbalanced.9=0 is wrong"),
        (["task.imbalanced={12:0.5}"], "class 12, which does not occur"),
        (["task.imbalanced={nine:0.5}"], "is wrong: give {class: share}"),
        (["task=friedman", "task.imbalanced={1:0.5}"], "regression targets have no classes"),
    ],
)
def test_what_makes_no_sense_is_said(composed, overrides, sentence):
    with pytest.raises(UserError, match=sentence):
        loaded(composed, *overrides)
