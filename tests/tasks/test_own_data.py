"""The user's own data and own kind of target: what docs/tasks.md promises, taken from its text."""

import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from losslab.config import settings
from losslab.config.hydra_setup import package_folder
from losslab.train.run import run

DOCUMENT = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)


@pytest.fixture
def working_folder(tmp_path, monkeypatch):
    """With the document's my_data.py and my_configs/task/stopping.yaml in it."""
    (tmp_path / "my_data.py").write_text(blocks("python")[0])
    (tmp_path / "my_configs" / "task").mkdir(parents=True)
    (tmp_path / "my_configs" / "task" / "stopping.yaml").write_text(blocks("yaml")[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def overrides_of(command):
    words = shlex.split(command.replace("\\\n", " "))
    assert words[0] == "losslab"
    return words[1:]


def test_the_documents_command_trains(working_folder, train):
    record, _ = train(*overrides_of(blocks("bash")[0]), "trainer.max_epochs=20", "pictures=1")
    assert record.status == "finished", record.error
    assert record.metrics["test"]["r2"] > 0.9
    assert record.metrics["test"]["mae"] < 10  # metres, although the loss sees scaled targets


def test_the_documents_config_trains(working_folder, composed):
    flag, folder, *overrides = overrides_of(blocks("bash")[1])
    assert flag == "--config-dir"
    composed()  # registers what losslab teaches Hydra
    search = f"hydra.searchpath=[file://{working_folder / folder}]"
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
        cfg = compose(
            "config", overrides=[search, *overrides, "trainer.accelerator=cpu"], return_hydra_config=True
        )
    out = working_folder / "out"
    out.mkdir()
    record = run(settings.read(cfg), overrides, out)
    assert record.choices["task"] == "stopping"
    assert record.config["model"]["hidden"] == [32, 32]
    assert [target.value for target in record.targets] == [8, 4]
    assert record.targets[1].step is not None


DATASET = """
import torch
from torch.utils.data import Dataset

class Points(Dataset):
    def __len__(self):
        return 400

    def __getitem__(self, index):
        point = torch.randn(2, generator=torch.Generator().manual_seed(index))
        return point, int(point[0] * point[1] > 0)
"""


@pytest.mark.parametrize("in_memory", ["true", "false"])
def test_a_dataset(tmp_path, monkeypatch, train, in_memory):
    (tmp_path / "my_points.py").write_text(DATASET)
    monkeypatch.syspath_prepend(str(tmp_path))
    record, _ = train(
        "task=custom", "task.kind=binary", "task.source._target_=my_points.Points",
        f"task.in_memory={in_memory}",
        "loss=bce_with_logits", "optimizer.lr=0.01", "trainer.max_epochs=15", "pictures=null",
    )  # fmt: skip
    assert record.status == "finished", record.error
    assert record.primary("test") > 0.9


KIND = """
import numpy as np
import torch
from torchmetrics import MetricCollection
from torchmetrics.regression import TweedieDevianceScore
from torchmetrics.wrappers import LambdaInputTransformer
from losslab.tasks.kinds import Kind


class Counts(Kind):
    primary = "poisson_deviance"
    higher_is_better = False
    output_features = 1
    target_forms = {"values": lambda self, targets: targets}

    @classmethod
    def from_config(cls, config, raw):
        return cls()

    def select(self, raw):
        raw.targets = raw.targets.float().reshape(-1, 1)
        return raw

    def output_shape(self, targets):
        return (len(targets), 1)

    def metrics(self, final):
        deviance = TweedieDevianceScore(power=1.0)
        return MetricCollection({"poisson_deviance": LambdaInputTransformer(deviance, torch.exp)})


def load():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(600, 2))
    return inputs, random.poisson(np.exp(inputs @ [0.8, -0.5] + 0.5))
"""


def test_a_kind_of_ones_own_is_one_file(tmp_path, monkeypatch, train):
    (tmp_path / "my_kinds.py").write_text(KIND)
    monkeypatch.syspath_prepend(str(tmp_path))
    record, _ = train(
        "task=custom", "task.kind=my_kinds.Counts", "task.source._target_=my_kinds.load", "loss=poisson_nll",
        "trainer.max_epochs=12", "optimizer.lr=0.01", "pictures=1",
    )  # fmt: skip
    assert record.status == "finished", record.error
    assert record.metric == "poisson_deviance"
    assert record.primary("test") < 1.3  # about 1 where the model is right; 2 and more for a constant rate


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("ranking", "task.kind=ranking does not exist: choose one of binary, multiclass"),
        ("nowhere.Kind", "task.kind=nowhere.Kind could not be imported"),
        ("pathlib.Path", "task.kind=pathlib.Path is not a subclass"),
    ],
)
def test_a_kind_that_is_none(composed, kind, sentence):
    from losslab.errors import UserError
    from losslab.tasks import load_task

    settings = composed(f"task.kind={kind}")
    with pytest.raises(UserError, match=sentence):
        load_task(settings.task, settings.choices["task"])
