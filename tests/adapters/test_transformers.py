"""The loss and the callback for Hugging Face's Trainer, with a tiny model of random weights."""

import pytest
import torch
from torch import nn

import losslab
from losslab import records
from losslab.look.measurements import load_measurements

transformers = pytest.importorskip("transformers", reason="needs the extra transformers")
pytest.importorskip("accelerate", reason="needs the extra transformers")

from losslab.adapters.transformers import Watch, compute_loss_func  # noqa: E402

TOKENS = torch.randint(0, 20, (32, 6), generator=torch.Generator().manual_seed(0))
ROWS = [{"input_ids": tokens, "labels": int(tokens[0] > 9)} for tokens in TOKENS]


def model():
    config = transformers.BertConfig(
        vocab_size=20,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return transformers.BertForSequenceClassification(config)


def trained(run, folder, accumulated=1):
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        max_steps=4,
        per_device_train_batch_size=8 // accumulated,
        gradient_accumulation_steps=accumulated,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        seed=run.seed,
    )
    trainer = transformers.Trainer(
        model=model(),
        args=arguments,
        train_dataset=ROWS,
        compute_loss_func=compute_loss_func(run),
        callbacks=[Watch(run)],
    )
    trainer.train()
    return trainer.model


def train(run):
    network = trained(run, run.folder)
    with torch.no_grad():
        guessed = network.eval()(TOKENS).logits.argmax(1)
    return {"accuracy": float((guessed == torch.tensor([row["labels"] for row in ROWS])).float().mean())}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    losses = {"ce": nn.CrossEntropyLoss, "margin": nn.MultiMarginLoss}
    return losslab.compare(train, losses, metric="accuracy", seeds=2, folder=tmp_path_factory.mktemp("hf"))


def test_the_loss_is_the_runs_own_and_its_course_is_taken_down(study):
    assert study.pairing == "same weights and batches"
    curves = {
        choices["loss"]: records.load_curve(folder, "train", "loss")
        for choices, folder in zip(study.runs["choices"], study.runs["folder"], strict=True)
    }
    assert list(curves["ce"].index) == [1, 2, 3, 4]
    assert curves["ce"].iloc[0] == pytest.approx(0.69, abs=0.1)  # ln 2
    assert curves["margin"].iloc[0] == pytest.approx(0.5, abs=0.1)  # half of the margin of 1
    assert len(load_measurements(study.runs["folder"].iloc[0])) == 4


class Seen:
    """A run that notes nothing."""

    def __init__(self, loss):
        self.loss, self.seed = loss, 3

    def log(self, step, **values):
        pass

    def measure(self, step, quantity, values):
        pass

    def fingerprint(self, model, batch=None):
        pass


def test_accumulated_batches_train_like_one_large_batch(tmp_path):
    ends = []
    for accumulated in (1, 4):
        torch.manual_seed(3)
        network = trained(Seen(nn.CrossEntropyLoss()), tmp_path, accumulated)
        ends.append(torch.cat([parameter.flatten() for parameter in network.parameters()]))
    torch.testing.assert_close(ends[0], ends[1], atol=1e-5, rtol=1e-4)


def test_ignored_tokens_reach_no_loss():
    given = []
    compute = compute_loss_func(
        Seen(lambda logits, labels: given.append((logits.shape, labels)) or logits.sum())
    )
    outputs = {"logits": torch.zeros(2, 3, 5)}
    compute(outputs, torch.tensor([[1, -100, 2], [-100, -100, 4]]))
    assert given[0][0] == (3, 5)
    assert given[0][1].tolist() == [1, 2, 4]
