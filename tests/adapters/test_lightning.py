"""The callback for Lightning: what it takes down, and that it changes nothing."""

import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import losslab
from losslab import records
from losslab.adapters.lightning import Watch
from losslab.look.measurements import load_measurements

INPUTS = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
LABELS = (INPUTS.sum(1) > 0).long()


class Module(pl.LightningModule):
    def __init__(self, loss):
        super().__init__()
        self.network, self.loss = nn.Linear(4, 2), loss

    def training_step(self, batch, index):
        return self.loss(self.network(batch[0]), batch[1])

    def validation_step(self, batch, index):
        self.log("val_accuracy", (self.network(batch[0]).argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def fit(loss, callbacks):
    torch.manual_seed(1)
    module, data = Module(loss), TensorDataset(INPUTS, LABELS)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=callbacks,
    )
    trainer.fit(module, DataLoader(data, batch_size=8, shuffle=True), DataLoader(data, batch_size=64))
    return module


def test_ctrl_c_inside_lightning_ends_the_comparison(tmp_path):
    class Interrupts(pl.Callback):
        def on_train_batch_end(self, *arguments):
            raise KeyboardInterrupt

    def interrupted(run):
        fit(run.loss, [Interrupts()])
        return 1.0

    losses = {"ce": nn.CrossEntropyLoss, "margin": nn.MultiMarginLoss}
    with pytest.raises(KeyboardInterrupt, match="0 of 4 runs are kept"):
        losslab.compare(interrupted, losses, metric="x", seeds=2, folder=tmp_path)


def train(run):
    module = fit(run.loss, [Watch(run, every=4)])
    return {"accuracy": float((module.network(INPUTS).argmax(1) == LABELS).float().mean())}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    losses = {"ce": nn.CrossEntropyLoss, "weighted": nn.CrossEntropyLoss(torch.tensor([1.0, 2.0]))}
    return losslab.compare(train, losses, metric="accuracy", seeds=2, folder=tmp_path_factory.mktemp("w"))


def test_curves_norms_and_fingerprints_are_taken_down(study):
    folder = study.runs["folder"].iloc[0]
    assert list(records.load_curve(folder, "train", "loss").index) == [1, 8, 16]
    assert list(records.load_curve(folder, "train", "batch_loss").index) == [4, 8, 12, 16]
    assert list(records.load_curve(folder, "validation", "accuracy").index) == [8, 16]
    measured = load_measurements(folder)
    assert list(measured["step"]) == [1, 5, 9, 13]
    assert (measured["value"] > 0).all()
    assert study.pairing == "same weights and batches"
    assert set(study.runs["steps"]) == {16}
    assert any("sets a seed of its own" in sentence for sentence in study.sentences())  # `fit` does


def test_a_watched_training_ends_with_the_same_weights(study):
    alone = fit(nn.CrossEntropyLoss(), [])

    def watched(run):
        module = fit(nn.CrossEntropyLoss(), [Watch(run, every=1)])
        same = [torch.equal(a, b) for a, b in zip(module.parameters(), alone.parameters(), strict=True)]
        return {"same": float(all(same))}

    losses = {"a": nn.CrossEntropyLoss, "b": nn.MultiMarginLoss}
    found = losslab.compare(watched, losses, metric="same", seeds=2, folder=study.folder / "again")
    assert all(metrics["test"]["same"] == 1 for metrics in found.runs["metrics"])
