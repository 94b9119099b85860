"""Every loss of the catalogue trains a task of its kind that needs no download, and lowers itself."""

import pytest

from losslab import records
from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder

NAMES = [name for name in catalogue.names("loss", [package_folder("conf")]) if name not in ("custom", "sum")]

# A small task for each word by which losses list their targets, the most natural first.
TASKS = {
    "class_index": ["task=digits", "trainer.max_epochs=1"],
    "values": ["task=diabetes", "trainer.max_epochs=3"],
    "bins": ["task=diabetes", "trainer.max_epochs=3", "optimizer.lr=0.01"],
    "multi_hot": ["task=breast_cancer", "trainer.max_epochs=2"],
    "signed": ["task=breast_cancer", "trainer.max_epochs=2"],
    "mask": [
        "task=clutter", "task.source.samples=40", "task.source.size=32", "task.source.foreground=0.2",
        "model=unet", "model.channels=[4,4,8,8,8]", "trainer.batch_size=4", "trainer.max_epochs=3",
        "optimizer.lr=0.01",
    ],
    "one_hot": ["task=digits", "trainer.max_epochs=1"],
}  # fmt: skip
# Counts, not standardised; the output is the logarithm of the rate.
OVERRIDES = {"poisson_nll": ["task.target_scaling=null", "optimizer.lr=0.01"]}


# Masks take a convolutional network: in the suite dice and lovasz stand for these.
IN_FAULT_SUITE = ("bce_dice", "focal_tversky", "generalised_dice", "soft_jaccard", "tversky")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.faults if name in IN_FAULT_SUITE else ()) for name in NAMES],
)
def test_lowers_itself(train, composed, name):
    wanted = composed(f"loss={name}").loss.parts[-1].targets
    form = next(form for form in TASKS if form in wanted)
    record, folder = train(f"loss={name}", *TASKS[form], *OVERRIDES.get(name, []))
    assert record.status == "finished"
    curves = records.load_curves(folder)
    losses = curves[(curves.metric == "loss") & (curves.split == "train")].sort_values("step").value.tolist()
    assert losses[0] - losses[-1] > 0.03 * abs(losses[0]), losses
