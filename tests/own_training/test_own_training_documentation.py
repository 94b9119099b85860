"""docs/your_own_training.md and its notebook: every example runs, with fewer epochs than printed."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from losslab import records

TOP = Path(__file__).parents[2]
PAGE = TOP / "docs" / "your_own_training.md"
TEXT = PAGE.read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def run(source: str) -> dict[str, Any]:
    """Runs a script in this process, and returns its variables."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "example", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_plain_script_becomes_a_paired_comparison_by_the_printed_diff(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script, (diff,) = blocks("python")[0], blocks("diff")
    run(script)
    assert re.search(r"accuracy 0\.\d{4}", capsys.readouterr().out)
    assert len(script.splitlines()) <= 45
    added = [line for line in diff.splitlines() if re.match(r"\+[^+]", line)]
    assert len(added) == 11
    Path("digits.py").write_text(script)
    subprocess.run(["git", "apply", "-p0", "-"], input=diff, text=True, check=True)
    shorter = Path("digits.py").read_text().replace("range(5)", "range(1)")
    run(shorter)
    said = capsys.readouterr().out
    found = [records.load(path) for path in records.find([Path("runs/digits")])]
    assert len(found) == 15
    assert all(record.status == "finished" and record.steps == 19 for record in found)
    assert all(len({r.fingerprints["weights"] for r in found if r.seed == seed}) == 1 for seed in range(5))
    for arm in ("brier", "smoothed"):  # the numbers depend on the machine, what is compared does not
        assert re.search(rf"{arm} (against|and|is .* than) cross_entropy", said)
        assert re.search(rf"{arm} (against|and|is .* than) cross_entropy", TEXT)


def test_a_module_of_lightning_is_compared_unchanged_with_three_losses() -> None:
    example = blocks("python")[1]
    shorter = example.replace("max_epochs=2", "max_epochs=1, limit_train_batches=2").replace(
        "margin=0.02", "margin=0.02, seeds=2"
    )
    assert shorter.count("limit_train_batches") == shorter.count("seeds=2") == 1
    study = run(shorter)["study"]
    assert study.pairing == "same weights and batches"
    assert set(study.decisions) == {"smoothed", "focal"}
    assert all(study.runs["status"] == "finished")


def test_a_table_is_judged_by_command_and_in_python(capsys: pytest.CaptureFixture[str]) -> None:
    Path("results.csv").write_text(blocks("csv")[0])
    run(blocks("python")[2])
    said = capsys.readouterr().out.strip().splitlines()
    assert len(said) == 2
    assert all(f"    {sentence}\n" in TEXT for sentence in said)
    name, *arguments = shlex.split(blocks("sh")[0])
    entry = re.search(rf'^{name} = "(.*):main"$', (TOP / "pyproject.toml").read_text(), re.MULTILINE)
    if entry is None:
        pytest.skip(f"{name} is not among the commands")
    assert importlib.import_module(entry[1]).main(arguments) == 0
    assert capsys.readouterr().out.splitlines()[:2] == said


def test_the_notebook_runs(capsys: pytest.CaptureFixture[str]) -> None:
    notebook = json.loads((TOP / "docs" / "your_own_training.ipynb").read_text())
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    names = run("\n\n".join(code))
    assert names["study"].pairing == "same weights and batches"
    assert set(names["study"].params) == {"cross_entropy", "brier"}
    assert "10 runs in runs/notebook, 10 done already" in capsys.readouterr().out
    assert not any(cell.get("outputs") for cell in notebook["cells"])
