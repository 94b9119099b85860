"""docs/own_loss.md: its loss, as printed, fits the tasks that the page trains it on."""

import re
import sys
from pathlib import Path

import pytest
import torch

from losslab.config.compose import compose_run
from losslab.losses.criterion import build_criterion
from losslab.soundness.examples import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "own_loss.md").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "loss").mkdir()
    (tmp_path / "my_losses.py").write_text(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1])
    (tmp_path / "loss" / "mine.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("my_losses", None)


@pytest.mark.parametrize(("task", "kind"), [("digits", "multiclass"), ("friedman", "regression")])
def test_the_file_on_the_page_fits_both_tasks_on_it(folder, task, kind):
    assert "losslab -m task=friedman" in PAGE
    settings = compose_run(f"hydra.searchpath=[file://{folder}]", "loss=mine", f"task={task}")
    example = KINDS[kind]
    criterion = build_criterion(settings.loss, example, "mine")
    targets = example.encode(example.targets(), criterion.form)
    outputs = example.outputs()
    assert torch.allclose(criterion(outputs, targets), (outputs - targets).abs().pow(1.5).mean())
