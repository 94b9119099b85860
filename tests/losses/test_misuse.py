"""A criterion that is fed the wrong thing is explained before training, and runs where that is wanted."""

import pytest
import torch

from losslab.config.settings import SingleLossSettings, Target
from losslab.errors import UserError
from losslab.losses.criterion import Criterion
from losslab.losses.misuse import check_batch
from losslab.train.run import build

EXPLAINED = [
    (["loss=cross_entropy", "loss.output_activation=softmax"], "applies its own softmax"),
    (["loss=bce_with_logits", "loss.output_activation=sigmoid"], "applies its own softmax or sigmoid"),
    (["loss=nll", "loss.output_activation=softmax"], "without the log"),
    (["loss=nll", "loss.output_activation=identity"], "fed raw outputs"),
    (["loss=bce", "loss.output_activation=identity"], r"expects probabilities in \[0, 1\]"),
    (["loss=focal", "loss.output_activation=sigmoid"], "applies its own softmax or sigmoid"),
    (["loss=mse", "loss.targets=class_index"], "would broadcast"),
    (["loss=sum", "loss.terms=[{loss: cross_entropy, output_activation: softmax}]"], "sum.cross_entropy"),
    (["loss=cross_entropy", "+loss.expects=soup"], "loss.expects=soup"),
    (
        ["loss=cross_entropy", "+loss.eats=logits"],
        "loss.eats=logits is wrong: this key is now called expects",
    ),
]


@pytest.mark.parametrize(("overrides", "sentence"), EXPLAINED)
def test_misuse_is_explained_before_training(composed, overrides, sentence):
    with pytest.raises(UserError, match=sentence) as caught:
        build(composed(*overrides))
    assert "\n" not in str(caught.value)


def test_misuse_runs_where_it_is_allowed_and_the_record_says_so(train):
    allowed, _ = train("loss=cross_entropy", "loss.output_activation=softmax", "allow_misuse=true")
    by_name, _ = train("loss=cross_entropy_on_softmax")
    assert allowed.config["allow_misuse"] is True
    assert by_name.config["loss"]["misuse"] == "on_purpose"
    assert allowed.metrics["test"] == by_name.metrics["test"]


def test_derived_classes_expect_what_their_parents_expect(composed, monkeypatch, tmp_path):
    (tmp_path / "my_derived_loss.py").write_text(
        "import torch\nclass Mine(torch.nn.CrossEntropyLoss): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="applies its own softmax"):
        build(
            composed(
                "loss=custom", "loss.loss._target_=my_derived_loss.Mine", "loss.output_activation=softmax"
            )
        )


def check(loss, outputs, targets, form="values", expects=None):
    criterion = Criterion(loss, "identity", form)
    settings = SingleLossSettings(
        loss=Target.of("torch.nn.MSELoss"), output_activation="identity", targets=form, expects=expects
    )
    check_batch(criterion, outputs, targets, "mine", settings=settings, allow_misuse=False)


def squared(prediction, target):
    return ((prediction - target) ** 2).mean()


@pytest.mark.parametrize(
    ("loss", "targets", "sentence"),
    [
        (squared, torch.zeros(5), r"outputs \(5, 1\) and targets \(5,\) would broadcast to \(5, 5\)"),
        (lambda p, t: ((p - t) ** 2).mean(0), torch.zeros(5, 1), r"returns shape \(1,\)"),
        (lambda p, t: squared(p.detach(), t), torch.zeros(5, 1), "has no gradient"),
        (lambda p, t: squared(p, t).item(), torch.zeros(5, 1), "returns float, not a tensor"),
        (squared, torch.zeros(7, 2), "does not take outputs"),
    ],
)
def test_misuse_that_only_a_batch_shows(loss, targets, sentence):
    with pytest.raises(UserError, match=sentence):
        check(loss, torch.randn(5, 1), targets)


def test_a_network_that_ends_in_softmax_is_noticed():
    with pytest.raises(UserError, match="leave the softmax out of the model"):
        check(
            torch.nn.CrossEntropyLoss(),
            torch.randn(5, 3).softmax(1),
            torch.zeros(5, dtype=torch.long),
            form="class_index",
            expects="logits",
        )


def test_a_batch_leaves_no_trace_in_a_loss_with_a_memory():
    class Counts(torch.nn.Module):
        calls = 0

        def forward(self, prediction, target):
            self.calls += 1
            return squared(prediction, target)

    loss = Counts()
    check(loss, torch.randn(5, 1), torch.zeros(5, 1))
    assert loss.calls == 0
