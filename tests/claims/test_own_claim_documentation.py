"""docs/own_claim.md: its example is a claim that runs, and its tables name every key and measure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from claim_example import prediction

from losslab.claims.margins import MARGINS
from losslab.claims.measures import own_names
from losslab.claims.parse import parse
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
    for override in ("trainer.max_epochs=1", "optimizer.lr=0.01", "pictures=null", "++claim.stages=2"):
        arguments += ["--override", override]
    assert reproduce(arguments) == 0
    verdict = load(tmp_path / "out" / "smoothing")
    assert len(verdict.predictions) == 3
    assert verdict.answer.startswith("Label smoothing changes the accuracy by ")
    assert "smoothing" in capsys.readouterr().out


def test_the_parts_of_claims_that_it_shows_are_valid() -> None:
    parts = re.findall(r"```yaml\n(  .*?)```", PAGE.read_text(), re.DOTALL)
    assert len(parts) == 3
    whole = {"statement": "s", "source": "s", "check": "m", "arms": {"cross_entropy": "loss=cross_entropy"}}
    fallback = [prediction(quantity="q", at_least=1)]
    claims = [parse({**whole, "predictions": fallback, **yaml.safe_load(part)}, "f.yaml") for part in parts]
    assert [len(claim.condition_names) for claim in claims] == [2, 2, 8]


def test_the_margins_are_those_of_the_table() -> None:
    table = PAGE.read_text().split("## Margins")[1].split("## Keys")[0]
    assert {str(margin).replace("%", " %") for margin in MARGINS.values()} <= set(
        re.findall(r"\| ([0-9.]+(?: %)?) \|", table.replace("0.10 |", "0.1 |"))
    )


@pytest.mark.parametrize("name", [*Claim.model_fields, *Prediction.model_fields, *own_names()])
def test_every_key_and_measure_is_explained(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text()
