"""docs/own_claim.md: its example is a claim that runs, and its tables name every key and measure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from losslab.claims.measures import own_names
from losslab.claims.schema import Claim, Prediction
from losslab.claims.verdict import load
from losslab.cli.reproduce import main as reproduce

PAGE = Path(__file__).parents[2] / "docs" / "own_claim.md"


def test_the_example_runs_as_it_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    folder = tmp_path / "own" / "experiment"
    folder.mkdir(parents=True)
    (folder / "smoothing.yaml").write_text(example[1])
    arguments = [
        "smoothing",
        "--config-dir",
        str(tmp_path / "own"),
        "--folder",
        str(tmp_path / "out"),
        "--jobs",
        "1",
    ]
    for override in ("trainer.max_epochs=1", "optimizer.lr=0.01", "pictures=null"):
        arguments += ["--override", override]
    assert reproduce(arguments) == 0
    assert len(load(tmp_path / "out" / "smoothing").predictions) == 2
    assert "smoothing" in capsys.readouterr().out


@pytest.mark.parametrize("name", [*Claim.model_fields, *Prediction.model_fields, *own_names()])
def test_every_key_and_measure_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text()
